// Takes a picture of each page, light, dark and on a phone, into ../screenshots.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch, painted, Visitors } from './browser.mjs';
import { makeMonth, startServer } from './server.mjs';

const BYTES_MAX = 150_000;
const INTO = path.join(import.meta.dirname, '../screenshots');

const PAGES = [
  { name: 'explanations', path: '/', enter: openFeedback },
  { name: 'analytics', path: '/analytics', admin: true },
  { name: 'ab-tests', path: '/ab-tests?signal=SELL', admin: true },
];
const LOOKS = [
  { look: 'light', colorScheme: 'light', viewport: { width: 1280, height: 860 } },
  { look: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 860 } },
  { look: 'phone', colorScheme: 'light', viewport: { width: 375, height: 812 } },
];

/** A card as somebody leaves it who has said what they think. */
async function openFeedback(page) {
  const card = page.locator('article.explanation-card').first();
  await card.getByRole('button', { name: 'Helpful', exact: true }).click();
  await card.getByRole('button', { name: 'Add stars or a comment' }).click();
  await card.getByTitle('Very good').click();
  await card.getByLabel('Comment').fill('Now I know why. What could speak against it?');
}

async function picture(visitors, { name, path: address, admin, enter }, { look, ...options }) {
  const page = await visitors.page({ path: address, admin, ...options });
  await enter?.(page);
  if (name === 'analytics') await page.locator('.recharts-surface').first().waitFor();
  await page.evaluate(() => document.activeElement?.blur());
  await page.mouse.move(0, 0);
  await painted(page);
  const file = path.join(INTO, `${name}-${look}.png`);
  await page.screenshot({ path: file });
  const { size } = statSync(file);
  assert.ok(size < BYTES_MAX, `${file}: ${size} bytes`);
  console.log(`${path.relative(process.cwd(), file)} ${Math.round(size / 1000)} kB`);
}

const folder = mkdtempSync(path.join(tmpdir(), 'llmlearn-screenshots-'));
let server, browser;
try {
  mkdirSync(INTO, { recursive: true });
  await makeMonth(path.join(folder, 'month'));
  server = await startServer(path.join(folder, 'month'), path.join(folder, 'copy'));
  browser = await launch();
  const visitors = new Visitors(browser, server);
  for (const page of PAGES) for (const look of LOOKS) await picture(visitors, page, look);
  visitors.watch.check();
} finally {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}
