// A reader says what helps: by mouse, by keyboard, thinks again, takes it back.
import assert from 'node:assert/strict';
import { eventually, mustFail } from './browser.mjs';

const firstCard = (page) => page.locator('article.explanation-card').first();
const idOf = async (card) => (await card.getAttribute('aria-labelledby')).replace('title-', '');
const status = (card) => card.getByRole('status');
const says = (card, text) => status(card).filter({ hasText: text }).waitFor();

/** What the server has of this visitor's vote; it is asked with their cookie. */
async function stored(page, id) {
  const url = new URL(`/api/explanations/${id}`, page.url());
  const { mine, positive, negative } = await (await page.request.get(url.href)).json();
  return { mine, votes: positive + negative };
}

async function checkStored(page, id, expected) {
  const { mine } = await stored(page, id);
  const { helpful, rating, comment } = mine ?? {};
  assert.deepEqual(mine && { helpful, rating, comment }, expected);
}

export const tests = {
  'by mouse: thumb, stars, comment, change of mind, undo': async (visitors) => {
    const page = await visitors.page({ path: '/' });
    const card = firstCard(page);
    const id = await idOf(card);
    const before = await stored(page, id);
    assert.equal(before.mine, null);

    await card.getByRole('button', { name: 'Helpful', exact: true }).click();
    await says(card, 'Thanks for your feedback.');
    await checkStored(page, id, { helpful: true, rating: null, comment: null });
    assert.equal((await stored(page, id)).votes, before.votes + 1);

    await card.getByRole('button', { name: 'Add stars or a comment' }).click();
    await card.getByTitle('Very good').click();
    await card.getByLabel('Comment').fill('Clear, and <b>short</b>. Merci 🙂');
    await card.getByRole('button', { name: 'Send' }).click();
    await card.getByRole('button', { name: 'Edit your comment' }).waitFor();
    const words = 'Clear, and <b>short</b>. Merci 🙂';
    await eventually(() => checkStored(page, id, { helpful: true, rating: 4, comment: words }));

    await card.getByRole('button', { name: 'Not helpful' }).click();
    await eventually(() => checkStored(page, id, { helpful: false, rating: 4, comment: words }));
    assert.equal((await stored(page, id)).votes, before.votes + 1);

    await page.reload();
    const again = page.locator(`article[aria-labelledby="title-${id}"]`);
    const down = again.getByRole('button', { name: 'Not helpful' });
    assert.equal(await down.getAttribute('aria-pressed'), 'true');

    await again.getByRole('button', { name: 'Undo' }).click();
    await says(again, 'Your feedback was withdrawn.');
    await checkStored(page, id, null);
    assert.equal((await stored(page, id)).votes, before.votes);
  },

  'by keyboard alone': async (visitors) => {
    const page = await visitors.page({ path: '/' });
    const card = firstCard(page);
    const id = await idOf(card);
    await tabTo(page, card.getByRole('button', { name: 'Helpful', exact: true }));
    await page.keyboard.press('Space');
    await says(card, 'Thanks for your feedback.');
    await tabTo(page, card.getByRole('button', { name: 'Add stars or a comment' }));
    await page.keyboard.press('Enter');
    await tabTo(page, card.getByRole('radio').first());
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await tabTo(page, card.getByLabel('Comment'));
    await page.keyboard.type('typed without a mouse');
    await tabTo(page, card.getByRole('button', { name: 'Send' }));
    await page.keyboard.press('Enter');
    const comment = 'typed without a mouse';
    await eventually(() => checkStored(page, id, { helpful: true, rating: 3, comment }));
    await tabTo(page, card.getByRole('button', { name: 'Undo' }), 'Shift+Tab');
    await page.keyboard.press('Enter');
    await says(card, 'Your feedback was withdrawn.');
    await eventually(() => checkStored(page, id, null));
  },

  'a signal is explained when somebody asks, and voted on': async (visitors) => {
    const page = await visitors.page({ path: '/' });
    const form = page.locator('form').filter({ hasText: 'Confidence' });
    await form.getByLabel('Ticker').fill('IBM');
    await form.getByText('SELL', { exact: true }).click();
    await form.getByRole('button', { name: 'Explain', exact: true }).click();
    const card = firstCard(page).filter({ hasText: 'IBM' }).filter({ hasText: 'SELL' });
    await card.getByText('just now').or(card.getByText('second')).first().waitFor();
    assert.equal(await card.getByText('Prepared text').count(), 0, 'the model wrote it');
    await card.getByRole('button', { name: 'Helpful', exact: true }).click();
    await says(card, 'Thanks');
    await checkStored(page, await idOf(card), { helpful: true, rating: null, comment: null });
  },

  'what somebody else said is not mine, nor shown': async (visitors) => {
    const one = await visitors.page({ path: '/' });
    const two = await visitors.page({ path: '/' });
    const id = await idOf(firstCard(one));
    await firstCard(one).getByRole('button', { name: 'Helpful', exact: true }).click();
    await says(firstCard(one), 'Thanks');
    await checkStored(two, id, null);
    await two.reload();
    const theirs = two.locator(`article[aria-labelledby="title-${id}"]`);
    assert.equal(
      await theirs
        .getByRole('button', { name: 'Helpful', exact: true })
        .getAttribute('aria-pressed'),
      'false',
    );
  },

  'the eleventh vote of an hour says when again': async (visitors) => {
    const page = await visitors.page({ path: '/' });
    visitors.watch.allow(/status of 429/);
    const cards = page.locator('article.explanation-card');
    for (let i = 0; i < 10; i++) {
      await cards.nth(i).getByRole('button', { name: 'Helpful', exact: true }).click();
      await says(cards.nth(i), 'Thanks');
    }
    const eleventh = cards.nth(10);
    await eleventh.getByRole('button', { name: 'Helpful', exact: true }).click();
    await eleventh.getByRole('alert').filter({ hasText: 'You can vote again at' }).waitFor();
    // Nothing is shown that was not stored.
    assert.equal(
      await eleventh
        .getByRole('button', { name: 'Helpful', exact: true })
        .getAttribute('aria-pressed'),
      'false',
    );
    await checkStored(page, await idOf(eleventh), null);
  },

  'a vote that is not saved keeps what was typed': async (visitors) => {
    const page = await visitors.page({ path: '/' });
    visitors.watch.allow(/ERR_(INTERNET_DISCONNECTED|FAILED)/);
    const card = firstCard(page);
    const id = await idOf(card);
    await card.getByRole('button', { name: 'Not helpful' }).click();
    await says(card, 'Thanks');
    await card.getByRole('button', { name: 'Add stars or a comment' }).click();
    await card.getByLabel('Comment').fill('a long thought');
    await page.context().setOffline(true);
    await card.getByRole('button', { name: 'Send' }).click();
    await card.getByRole('alert').filter({ hasText: 'not saved' }).waitFor();
    assert.equal(await card.getByLabel('Comment').inputValue(), 'a long thought');
    await page.context().setOffline(false);
    await card.getByRole('button', { name: 'Try again' }).click();
    const comment = 'a long thought';
    await eventually(() => checkStored(page, id, { helpful: false, rating: null, comment }));
  },

  'control: a vote that the page only shows is found out': async (visitors) => {
    const page = await visitors.page({ path: '/' });
    await page.route('**/api/feedback/**', (route) =>
      route.fulfill({ status: 200, json: { received: true } }),
    );
    const card = firstCard(page);
    await card.getByRole('button', { name: 'Helpful', exact: true }).click();
    await says(card, 'Thanks');
    const id = await idOf(card);
    await mustFail(
      () => checkStored(page, id, { helpful: true, rating: null, comment: null }),
      /AssertionError|deep/i,
    );
  },
};

/** Presses Tab until the focus is there: a person without a mouse has no other way. */
async function tabTo(page, locator, key = 'Tab') {
  for (let presses = 0; presses < 80; presses++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`the focus never came to ${locator}`);
}
