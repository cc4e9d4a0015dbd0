// An administrator runs tests to their end: approves, looks, promotes, rolls back, starts, stops.
import assert from 'node:assert/strict';
import { eventually, mustFail, settled } from './browser.mjs';
import { Client } from './server.mjs';

const READERS = 60;
const VALUES = {
  short_months: '3',
  long_months: '12',
  short_average: '101.50',
  long_average: '100.20',
  price: '102.00',
};

const open = (visitors, signal) =>
  visitors.page({ path: `/ab-tests?signal=${signal}`, admin: true });
const button = (page, name) => page.getByRole('button', { name });
const said = (page, text) => page.locator('.test-said').filter({ hasText: text }).waitFor();

async function confirm(page, name, { actor = 'Ada', reason } = {}) {
  const dialog = page.getByRole('dialog');
  if (reason) {
    await dialog.getByLabel('Your name').fill(actor);
    await dialog.getByLabel('Reason').fill(reason);
  }
  await dialog.getByRole('button', { name, exact: true }).click();
}

async function checkChampion(visitors, signal, version) {
  const admin = new Client(visitors.server.url, { admin: true });
  const { champions } = await admin.ok('GET', `/api/admin/llm-ab-tests?signal=${signal}`);
  assert.equal(champions.find((one) => one.signal === signal).version, version);
}

/** A row of the history that names all of these. */
async function checkHistory(page, ...words) {
  let row = page.getByRole('region', { name: 'History of decisions' }).getByRole('row');
  for (const word of words) row = row.filter({ hasText: word });
  await row.first().waitFor();
}

/** Readers ask and vote: all of them like `better`, one in three the rest. */
async function fill(url, signal, better) {
  for (let number = 0; number < READERS; number++) {
    const reader = new Client(url);
    await reader.ok('GET', '/api/explanations?limit=1'); // gives a cookie
    const body = { ticker: 'IBM', signal, confidence: 0.7, values: VALUES };
    const made = await reader.ok('POST', '/api/explanations', body);
    const helpful = made.version === better || number % 3 === 0;
    const token = { 'Feedback-Token': made.feedback_token };
    await reader.ok('POST', `/api/feedback/${made.id}`, { helpful }, token);
  }
}

/** Approves the oldest draft on the page and returns its version. */
async function approve(page) {
  const name = await button(page, /^Approve…/)
    .last()
    .innerText();
  const version = name.replace('Approve…', '').trim();
  await button(page, `Approve… ${version}`).click();
  await confirm(page, `Approve ${version}`); // without a reason
  await page.getByRole('dialog').getByText('Please say why.').waitFor();
  await confirm(page, `Approve ${version}`, { reason: 'read it twice' });
  await said(page, `${version} may be tested now.`);
  return version;
}

export const tests = {
  'the test that waits for a look: looked at, promoted': async (visitors) => {
    const page = await open(visitors, 'SELL');
    await checkChampion(visitors, 'SELL', 'v1.0');
    await page.getByText('Running').first().waitFor();
    await button(page, /^Look now/).click();
    await confirm(page, 'Look now');
    await said(page, 'v1.1');
    await checkChampion(visitors, 'SELL', 'v1.1');
    await checkHistory(page, 'v1.0 → v1.1');
    await button(page, 'Roll back to v1.0…').waitFor();
  },

  'a draft to a champion, and back': async (visitors) => {
    const page = await open(visitors, 'HOLD');
    await checkChampion(visitors, 'HOLD', 'v1.0');
    const draft = await approve(page);
    const admin = new Client(visitors.server.url, { admin: true });
    await admin.ok('POST', '/api/admin/llm-ab-tests', {
      signal: 'HOLD',
      arms: [
        { version: 'v1.0', weight: 0.5 },
        { version: draft, weight: 0.5 },
      ],
      duration_min_days: 1e-6,
      trials_min: 15,
      actor: 'Grace',
    });
    await fill(visitors.server.url, 'HOLD', draft);

    await button(page, 'Refresh').click();
    await page.getByText('started').filter({ hasText: 'Grace' }).waitFor();
    await button(page, /^Look now/).click();
    await page.getByRole('dialog').getByText('A classic look is final').waitFor();
    await page.getByRole('checkbox', { name: /Promote the winner/ }).uncheck();
    await confirm(page, 'Look now');
    await said(page, draft);
    await checkChampion(visitors, 'HOLD', 'v1.0'); // it won, and was not promoted

    await button(page, `Promote ${draft}…`).first().click();
    // On a machine with much to do one arm may have been slower: that is then said here.
    const promote = new RegExp(`^Promote ${draft}`);
    await confirm(page, promote, { reason: 'it won <b>fairly</b>' });
    await said(page, `${draft} is the champion of HOLD now.`);
    await checkChampion(visitors, 'HOLD', draft);
    await checkHistory(page, `v1.0 → ${draft}`, 'Ada', 'it won <b>fairly</b>');

    await button(page, 'Roll back to v1.0…').click();
    await confirm(page, 'Roll back to v1.0', { reason: 'a complaint came in' });
    await said(page, 'v1.0 is the champion of HOLD again.');
    await checkChampion(visitors, 'HOLD', 'v1.0');
    await checkHistory(page, `${draft} → v1.0`, 'Ada', 'a complaint came in');
  },

  'promoting against a running test says so, and keeps it': async (visitors) => {
    const page = await open(visitors, 'BUY');
    await button(page, 'Promote… v2.0').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('This goes against what the test says').waitFor();
    await confirm(page, 'Promote v2.0 all the same', { reason: 'the campaign wants it' });
    await said(page, 'v2.0 is the champion of BUY now.');
    await checkChampion(visitors, 'BUY', 'v2.0');
    await checkHistory(page, 'v2.0', 'against the test', 'the campaign wants it');
  },

  'a test is started from the page, and stopped': async (visitors) => {
    const page = await open(visitors, 'HOLD');
    await approve(page);
    await button(page, 'Start a test…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('checkbox').nth(1).check();
    await dialog.getByRole('radio', { name: /Always valid/i }).check();
    await dialog.getByLabel('Your name').fill('Ada');
    await dialog.locator('button[type=submit]').click();
    await said(page, 'has begun');
    await button(page, 'Stop…').click();
    await confirm(page, 'Stop the test', { reason: 'only to see' });
    await said(page, 'was stopped.');
    await checkHistory(page, 'Ada', 'only to see');
  },

  'what fails stays open, with what was typed': async (visitors) => {
    visitors.watch.allow(/status of 503/);
    const page = await open(visitors, 'SELL');
    const detail = 'The disk is full. Nothing was changed.';
    let answer;
    const told = new Promise((resolve) => (answer = resolve));
    await page.route('**/rollback', async (route) => {
      await told;
      await route.fulfill({ status: 503, json: { title: 'Not now', detail } });
    });
    await button(page, 'Roll back to v1.0…').click();
    await confirm(page, 'Roll back to v1.0', { reason: 'typed with care' });
    const dialog = page.getByRole('dialog');
    await dialog.getByText('One moment…').waitFor();
    for (let times = 0; times < 3; times++) await page.keyboard.press('Escape'); // not now
    answer();
    await dialog.getByRole('alert').filter({ hasText: detail }).waitFor();
    assert.equal(await dialog.getByLabel('Reason').inputValue(), 'typed with care');
    await checkChampion(visitors, 'SELL', 'v1.1');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    // The focus is where it was, for who has no mouse.
    const focused = page.locator(':focus');
    await eventually(async () => assert.equal(await focused.innerText(), 'Roll back to v1.0…'));
  },

  'control: a rollback that the page only shows is found out': async (visitors) => {
    const page = await open(visitors, 'SELL');
    await page.route('**/rollback', (route) => route.fulfill({ json: { champion: 'v1.0' } }));
    await button(page, 'Roll back to v1.0…').click();
    await confirm(page, 'Roll back to v1.0', { reason: 'not really' });
    await said(page, 'v1.0 is the champion of SELL again.');
    await settled(page);
    await mustFail(() => checkChampion(visitors, 'SELL', 'v1.0'), /v1\.1/);
  },
};
