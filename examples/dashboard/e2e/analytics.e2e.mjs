// The numbers are those of the database, and follow it.
import assert from 'node:assert/strict';
import { eventually, mustFail, settled } from './browser.mjs';
import { Client } from './server.mjs';

const tile = (page, label) =>
  page.locator('.tile').filter({ has: page.locator('dt', { hasText: label }) });

/** Helpful votes and others, as the page has them. */
async function votesOf(page) {
  const text = await tile(page, 'Votes').locator('.tile-of').innerText();
  const [, helpful, not] = /([\d,]+) helpful, ([\d,]+) not/.exec(text);
  return { helpful: Number(helpful.replaceAll(',', '')), not: Number(not.replaceAll(',', '')) };
}

/** Another reader votes on the newest explanation. */
async function voteBySomebody(url, helpful) {
  const client = new Client(url);
  const { explanations } = await client.ok('GET', '/api/explanations?limit=1');
  const [{ id, feedback_token: token }] = explanations;
  await client.ok('POST', `/api/feedback/${id}`, { helpful }, { 'Feedback-Token': token });
}

async function checkVotes(page, expected) {
  await page.getByRole('button', { name: 'Refresh' }).click();
  await eventually(async () => assert.deepEqual(await votesOf(page), expected), 3000);
}

export const tests = {
  'a vote is in the numbers after a refresh': async (visitors) => {
    const page = await visitors.page({ path: '/analytics', admin: true });
    const { helpful, not } = await votesOf(page);
    assert.ok(helpful > 500 && not > 500);
    await voteBySomebody(visitors.server.url, true);
    await checkVotes(page, { helpful: helpful + 1, not });
    await voteBySomebody(visitors.server.url, false);
    await checkVotes(page, { helpful: helpful + 1, not: not + 1 });
    // control: a vote that nobody gave is not in them
    await mustFail(() => checkVotes(page, { helpful: helpful + 2, not: not + 1 }), /deep/i);
  },

  'the page says what the API says, for each window': async (visitors) => {
    const admin = new Client(visitors.server.url, { admin: true });
    const page = await visitors.page({ path: '/analytics', admin: true });
    const seen = new Set();
    for (const days of [7, 30, 90]) {
      await page.getByText(`${days} days`, { exact: true }).click();
      await page.waitForURL(days === 30 ? /analytics/ : new RegExp(`days=${days}`));
      await settled(page);
      const api = await admin.ok('GET', `/api/admin/llm-analytics?days=${days}`);
      await eventually(async () =>
        assert.deepEqual(await votesOf(page), { helpful: api.positive, not: api.negative }),
      );
      seen.add(api.positive);
      const of = await tile(page, 'Response rate').locator('.tile-of').innerText();
      const rated = api.rated_explanations.toLocaleString('en');
      assert.ok(of.startsWith(`${rated} of ${api.total_explanations.toLocaleString('en')}`), of);
    }
    assert.equal(seen.size, 3, 'the windows differ');
  },

  'days as a chart, and as a table for those who cannot see it': async (visitors) => {
    const page = await visitors.page({ path: '/analytics', admin: true });
    const panel = page.getByRole('region', { name: 'Day by day' });
    await panel.locator('svg path').first().waitFor();
    for (const metric of ['Votes', 'Explanations', 'Rating', 'Cost', 'Helpful'])
      await panel.getByText(metric, { exact: true }).click();
    await panel.getByText('Table', { exact: true }).click();
    assert.equal(await panel.locator('tbody tr').count(), 30);
    assert.equal(await panel.getByText('so far').count(), 1);
  },
};
