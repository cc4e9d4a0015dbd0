import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const KB = 1000;
let folder;
let manifest;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmlearn-dashboard-'));
  execFileSync('node_modules/.bin/vite', ['build', '--manifest', '--logLevel', 'error'], {
    env: { ...process.env, NODE_ENV: 'production', LLMLEARN_DASHBOARD_OUT: folder },
    timeout: 110_000,
  });
  manifest = JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8'));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (file) => readFileSync(join(folder, file));
const gzipped = (files) => [...files].reduce((sum, file) => sum + gzipSync(read(file)).length, 0);

/** An entry's own files and those that the browser fetches with it. */
function filesOf(name, into = new Set()) {
  const { file, css = [], imports = [] } = manifest[name];
  into.add(file);
  css.forEach((one) => into.add(one));
  imports.forEach((one) => filesOf(one, into));
  return into;
}

const built = (pattern) =>
  readdirSync(folder, { recursive: true })
    .filter((file) => pattern.test(file))
    .map((file) => [file, read(file).toString()]);

describe('the first load', () => {
  it('is 90 kB at most, gzipped', () => {
    const files = ['index.html', 'theme.js', 'favicon.svg', ...filesOf('index.html')];
    expect(gzipped(files)).toBeLessThanOrEqual(90 * KB);
    expect(gzipped(files)).toBeGreaterThan(50 * KB); // React is in it: it was all counted
  });

  it('is there by gzip as well, for servers that pack nothing', () => {
    for (const file of ['index.html', ...filesOf('index.html')])
      expect(gunzipSync(read(`${file}.gz`)).equals(read(file)), file).toBe(true);
  });

  it('has no charts in it, and no page but the chart has', () => {
    const charts = Object.values(manifest).find(({ name }) => name === 'charts').file;
    expect(gzipped([charts])).toBeGreaterThan(50 * KB);
    for (const name of ['index.html', 'src/pages/LLMAnalytics.jsx', 'src/pages/PromptABTest.jsx'])
      expect([...filesOf(name)]).not.toContain(charts);
    expect([...filesOf('src/components/SeriesChart.jsx')]).toContain(charts);
  });
});

describe('a strict policy of content', () => {
  it('finds no inline script, style or handler in the page', () => {
    const html = read('index.html').toString();
    for (const [tag, attributes] of html.matchAll(/<script([^>]*)>/g))
      expect(attributes, tag).toMatch(/ src="\//);
    expect(html).not.toMatch(/<style|style=|\son\w+=/);
  });

  it('finds nothing that is evaluated, and no address but our own', () => {
    for (const [file, text] of built(/\.(js|css|html)$/)) {
      expect(text, file).not.toMatch(/\bnew Function\(|\beval\(/);
      expect(text, file).not.toMatch(/url\(["']?(data|https?):/);
      expect(text, file).not.toMatch(/(src|href)=["']https?:/);
    }
  });

  it('finds no source map, and names by content', () => {
    expect(built(/\.map$/)).toEqual([]);
    for (const [file] of built(/^assets\//)) expect(file).toMatch(/-[\w-]{8}\.(js|css)(\.gz)?$/);
  });
});

it('the lock file names no host, and every package by a fixed version', () => {
  const lock = readFileSync('package-lock.json', 'utf8');
  expect(lock).not.toMatch(/:\/\/|"resolved"/);
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    expect(`${name}@${version}`).toMatch(/@\d+\.\d+\.\d+$/);
});
