// A hundred texts of strangers in everything that can hold a text: none of them runs.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { eventually, mustFail, settled, Watch } from './browser.mjs';
import { PAYLOADS } from './payloads.mjs';
import { Client } from './server.mjs';

const SIGNAL = 'STRANGE';
const variants = '/api/admin/variants';
const isName = (text) => /^[!#$(-:=?@A-[\]^_a-{|}~]{1,64}$/.test(text); // as the library has it

/** A model whose every answer is the payload that the prompt names by its number. */
export async function prepare() {
  const model = createServer((request, response) => {
    let asked = '';
    request.on('data', (chunk) => (asked += chunk));
    request.on('end', () => {
      const content = PAYLOADS[Number(/payload (\d+)/.exec(asked)?.[1] ?? 0)];
      const message = { role: 'assistant', content };
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({
          object: 'chat.completion',
          choices: [{ index: 0, message, finish_reason: 'stop' }],
        }),
      );
    });
  });
  await new Promise((resolve) => model.listen(0, '127.0.0.1', resolve));
  return {
    env: {
      LLMLEARN_LLM_URL: `http://127.0.0.1:${model.address().port}/v1`,
      LLMLEARN_LLM_MODEL: '${xss()}',
      LLMLEARN_FEEDBACK_PER_HOUR: '100000',
    },
    end: () => new Promise((resolve) => model.close(resolve)),
  };
}

/** In the page: has each explained, and votes on it, with a comment. */
async function explainAndComment({ payloads, tickers, signal }) {
  const post = async (path, body, headers = {}) => {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  for (const [number, comment] of payloads.entries()) {
    const values = { number: `payload ${number}` };
    const made = await post('/api/explanations', { ticker: tickers[number], signal, values });
    const token = { 'Feedback-Token': made.feedback_token };
    await post(`/api/feedback/${made.id}`, { helpful: number % 2 === 0, comment }, token);
  }
}

const tickers = PAYLOADS.map((payload, number) => (isName(payload) ? payload : `T${number}`));

/** Prompts, reasons and actors of an administrator who copies what strangers wrote. */
async function fillHistory(admin) {
  let prompts = 0;
  for (const [number, payload] of PAYLOADS.entries()) {
    const version = `p${number}`;
    const body = { signal: SIGNAL, version, text: payload };
    const { status } = await admin.call('POST', variants, body);
    if (status === 422) continue; // names a placeholder as none may be called
    assert.equal(status, 201);
    prompts++;
    if (number < 6) continue; // arms of a test
    const who = { actor: payload, reason: payload };
    await admin.ok('POST', `${variants}/${SIGNAL}/${version}/archive`, who);
  }
  assert.ok(prompts >= 95, `${prompts} prompts`);
  const actor = PAYLOADS[0];
  const arms = ['v1.0', 'p0', 'p1', 'p2'].map((version) => ({ version, weight: 0.25 }));
  const begin = (more) =>
    admin.ok('POST', '/api/admin/llm-ab-tests', { signal: SIGNAL, arms, actor, ...more });
  const { test_id: id } = await begin({});
  const reason = PAYLOADS[16];
  await admin.ok('POST', `/api/admin/llm-ab-tests/${id}/stop`, { actor: PAYLOADS[17], reason });
  await begin({ rule: 'always_valid' });
}

/** Opens whatever can be opened. */
async function openEverything(page) {
  for (let round = 0; round < 4; round++) {
    await page.evaluate(() => {
      for (const one of document.querySelectorAll('main details:not([open]) > summary'))
        one.click();
      for (const one of document.querySelectorAll('main [aria-expanded="false"]')) one.click();
    });
    await settled(page);
  }
}

/** Walks over everything with a mouse and the Tab key, since some payloads wait for that. */
async function touchEverything(page) {
  for (let y = 100; y < 900; y += 100) await page.mouse.move(200 + (y % 300), y);
  for (let i = 0; i < 30; i++) await page.keyboard.press('Tab');
}

export const tests = {
  'in answers, tickers and comments': async (visitors) => {
    const admin = new Client(visitors.server.url, { admin: true });
    const text = 'Explain {{ticker}}, {{number}}.';
    await admin.ok('POST', variants, { signal: SIGNAL, version: 'v1.0', text });
    const page = await visitors.page({ path: `/?signal=${SIGNAL}` });
    await page.evaluate(explainAndComment, { payloads: PAYLOADS, tickers, signal: SIGNAL });
    await page.reload();
    const cards = page.locator('article.explanation-card:not(.loading)');
    await cards.first().waitFor();
    await eventually(async () => {
      const more = page.getByRole('button', { name: 'Show older ones' });
      if (await more.count()) await more.click();
      assert.equal(await cards.count(), PAYLOADS.length);
    }, 30_000);
    // They are all there, as the text that they are.
    const texts = await page.locator('.explanation-text').allTextContents();
    assert.deepEqual(texts.reverse(), PAYLOADS);
    const heads = (await cards.locator('h2').allTextContents()).reverse();
    assert.deepEqual(
      heads.filter((head, number) => !head.includes(tickers[number])),
      [],
    );
    await openEverything(page);
    const comments = await page
      .locator('article textarea')
      .evaluateAll((all) => all.map((one) => one.value).reverse());
    assert.deepEqual(comments, PAYLOADS);
    await touchEverything(page);
  },

  'in the numbers, prompts and the history': async (visitors) => {
    await fillHistory(new Client(visitors.server.url, { admin: true }));
    const page = await visitors.page({ path: '/analytics', admin: true });
    await openEverything(page);
    await touchEverything(page);
    const shown = await page.locator('main').innerText();
    assert.ok(shown.includes(SIGNAL));
    assert.ok(tickers.some((one) => !/^T\d+$/.test(one) && shown.includes(one)));
    await visitors.go(page, `/ab-tests?signal=${SIGNAL}`, true);
    await openEverything(page);
    await touchEverything(page);
  },

  'in the address': async (visitors) => {
    visitors.watch.allow(/status of 4\d\d/); // not a name, not a token
    const page = await visitors.page();
    for (const payload of PAYLOADS.filter((_, number) => number % 10 === 0)) {
      const text = encodeURIComponent(payload);
      for (const path of [
        `/?ticker=${text}&signal=${text}`,
        `/ab-tests?signal=${text}`,
        `/${text}`,
      ])
        await page.goto(visitors.server.url + path);
      await page.goto(`${visitors.server.url}/analytics#token=${text}`);
      await page.locator('h1, h2').first().waitFor();
    }
  },

  'control: a page that trusts its texts is caught': async (visitors) => {
    const page = await visitors.page();
    const trusting = visitors.watch;
    visitors.watch = new Watch(); // what follows is meant to happen
    await page.route('**/trusting', (route) =>
      route.fulfill({ contentType: 'text/html', body: `<h1>x</h1>${PAYLOADS.join('\n')}` }),
    );
    await page.goto(`${visitors.server.url}/trusting`);
    await eventually(() => assert.ok(trusting.seen.some((line) => /stranger ran/.test(line))));
    await mustFail(() => trusting.check(), /no page may do/);
  },
};
