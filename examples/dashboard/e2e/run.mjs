// Runs *.e2e.mjs in a real browser against the real server: run.mjs [part of a file's name]
//
// Prints "ok", "not ok" and "SKIP" lines, as tests/run.sh reads them.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { BUILD, endServers, makeMonth, startServer } from './server.mjs';

const TEST_MS = 60_000;
const only = process.argv[2] ?? '';

function missing() {
  const needs = {
    '/usr/bin/chromium': 'no /usr/bin/chromium (Debian: chromium)',
    [path.join(import.meta.dirname, '../node_modules/playwright-core')]:
      'no playwright-core; make dashboard installs it',
    [path.join(BUILD, 'llmlearn-server')]: 'no server; make server builds it',
    [path.join(BUILD, 'dashboard/index.html')]: 'no dashboard; make dashboard builds it',
  };
  return Object.entries(needs).find(([file]) => !existsSync(file))?.[1];
}

function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** False, for what has failed. */
function report(name, error) {
  console.log(`not ok ${name}`);
  console.log(stripVTControlCharacters(String(error.stack)).replace(/^/gm, '    '));
  return false;
}

async function runTest(name, test, browser, server) {
  const { Visitors } = await import('./browser.mjs');
  const visitors = new Visitors(browser, server);
  const begun = Date.now();
  try {
    await within(TEST_MS, test(visitors));
    visitors.watch.check();
    console.log(`ok ${name} (${Date.now() - begun} ms)`);
    return true;
  } catch (error) {
    return report(name, error);
  } finally {
    await visitors.close();
  }
}

/** One file: its tests share a server, whose database is a copy of the month. */
async function runFile(file, browser, month, folder) {
  const { tests, prepare } = await import(`./${file}`);
  const name = file.replace('.e2e.mjs', '');
  let good = true;
  let prepared, server;
  try {
    prepared = await prepare?.();
    server = await startServer(month, path.join(folder, name), prepared?.env);
    for (const [title, test] of Object.entries(tests))
      good = (await runTest(`${name}: ${title}`, test, browser, server)) && good;
    await server.stop();
  } catch (error) {
    good = report(`${name}: its server`, error);
  } finally {
    await prepared?.end?.();
  }
  return good;
}

async function runAll(folder) {
  const { launch } = await import('./browser.mjs');
  const month = path.join(folder, 'month');
  await makeMonth(month);
  const browser = await launch();
  let good = true;
  try {
    const files = readdirSync(import.meta.dirname).filter((one) => one.endsWith('.e2e.mjs'));
    for (const file of files.filter((one) => one.includes(only)).sort())
      good = (await runFile(file, browser, month, folder)) && good;
  } finally {
    await browser.close();
  }
  return good;
}

const lacks = missing();
if (lacks) {
  console.log(`SKIP browser tests: ${lacks}`);
} else {
  const folder = mkdtempSync(path.join(tmpdir(), 'llmlearn-e2e-'));
  process.on('exit', () => {
    endServers();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  process.exitCode = (await runAll(folder)) ? 0 : 1;
}
