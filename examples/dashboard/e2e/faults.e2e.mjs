// The network goes, the server breaks, the token is wrong, the page is hidden.
import assert from 'node:assert/strict';
import { eventually, mustFail, settled, Watch } from './browser.mjs';

const MINUTES = 60_000;
const API = '**/api/admin/llm-analytics*';

/** Counts how often the page asked for its numbers. */
function countAsked(page) {
  const asked = { times: 0 };
  page.on('request', (request) => {
    if (request.url().includes('/api/admin/llm-analytics')) asked.times++;
  });
  return asked;
}

/** As when another tab is in front, and back. */
const show = (page, visible) =>
  page.evaluate(
    (state) => {
      Object.defineProperty(document, 'visibilityState', {
        value: state,
        configurable: true,
      });
      Object.defineProperty(document, 'hidden', {
        value: state === 'hidden',
        configurable: true,
      });
      document.dispatchEvent(new Event('visibilitychange'));
    },
    visible ? 'visible' : 'hidden',
  );

/** Long enough for a request to be seen, were there one. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 300));

export const tests = {
  'the numbers are asked for again after five minutes': async (visitors) => {
    const page = await visitors.page({ clock: true });
    const asked = countAsked(page);
    await visitors.go(page, '/analytics', true);
    const before = asked.times;
    assert.ok(before >= 1);
    await page.clock.fastForward(4 * MINUTES);
    await aMoment();
    assert.equal(asked.times, before, 'not sooner');
    await page.clock.fastForward(1 * MINUTES + 1000);
    await eventually(() => assert.equal(asked.times, before + 1));
    await page.clock.fastForward(5 * MINUTES + 1000);
    await eventually(() => assert.equal(asked.times, before + 2));
  },

  'where the clock of the reader is wrong, ages go by the server’s': async (visitors) => {
    for (const hours of [-3, 48]) {
      const page = await visitors.page();
      await page.clock.install({ time: Date.now() + hours * 60 * MINUTES });
      await visitors.go(page, '/');
      const age = await page.locator('.explanation-facts time').first().innerText();
      assert.doesNotMatch(age, /^in |day/, `${hours} hours off`);
    }
  },

  'a hidden page asks for nothing, and at once when it is back': async (visitors) => {
    const page = await visitors.page({ clock: true });
    const asked = countAsked(page);
    await visitors.go(page, '/analytics', true);
    const before = asked.times;
    await show(page, false);
    for (let i = 0; i < 4; i++) await page.clock.fastForward(6 * MINUTES);
    await aMoment();
    assert.equal(asked.times, before);
    await show(page, true);
    await eventually(() => assert.equal(asked.times, before + 1));
  },

  'offline: old numbers stay, and say that they are old': async (visitors) => {
    visitors.watch.allow(/ERR_INTERNET_DISCONNECTED/);
    const page = await visitors.page({ path: '/analytics', admin: true });
    const heading = page.locator('main h1');
    const shown = await page.locator('main').innerText();
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('These numbers are not up to date').waitFor();
    await heading.waitFor();
    const figures = shown.match(/\d[\d,.]*\d/g).slice(0, 5);
    const now = await page.locator('main').innerText();
    assert.deepEqual(
      figures.filter((figure) => !now.includes(figure)),
      [],
    );
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await page.context().setOffline(false); // and it tries again by itself
    await page.getByText('These numbers are not up to date').waitFor({ state: 'detached' });
  },

  'a server that breaks: says so, and goes on when it is well': async (visitors) => {
    visitors.watch.allow(/status of 500/);
    const page = await visitors.page();
    const title = 'Something broke in the server';
    await page.route(API, (route) =>
      route.fulfill({
        status: 500,
        contentType: 'application/problem+json',
        body: JSON.stringify({ type: 'about:blank', title, status: 500 }),
      }),
    );
    await page.goto(`${visitors.server.url}/analytics`);
    await page.getByLabel('Admin token').fill((await import('./server.mjs')).TOKEN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: title }).waitFor();
    await page.unroute(API);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await settled(page);
  },

  'a page whose code did not come is there when it is tried again': async (visitors) => {
    visitors.watch.allow(/ERR_FAILED|PartMissing/);
    const page = await visitors.page({ path: '/', admin: true });
    await page.route('**/assets/LLMAnalytics*', (route) => route.abort());
    await page.getByRole('link', { name: 'Analytics' }).click();
    await page.getByRole('alert').filter({ hasText: 'did not come' }).waitFor();
    await page.unroute('**/assets/LLMAnalytics*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Found helpful', { exact: true }).waitFor();
  },

  'a wrong token is refused, forgotten, and asked for again': async (visitors) => {
    visitors.watch.allow(/status of 401/);
    const page = await visitors.page({ path: '/analytics' });
    await page.getByLabel('Admin token').fill('wrong, but of a good length 0123456789');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: 'did not accept' }).waitFor();
    const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
    assert.ok(!kept.includes('wrong, but'));
    await page.getByLabel('Admin token').fill((await import('./server.mjs')).TOKEN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await settled(page);
  },

  'a token in the address is taken over and gone from it': async (visitors) => {
    const page = await visitors.page({ path: '/analytics', admin: true });
    assert.equal(new URL(page.url()).hash, '');
    await page.reload();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin token').waitFor();
  },

  'control: errors, dialogs and scripts of strangers are seen': async (visitors) => {
    const page = await visitors.page({ path: '/' });
    const watch = new Watch();
    const expected = visitors.watch;
    visitors.watch = watch; // what follows is meant to happen
    await page.evaluate(() => {
      console.error('an error');
      setTimeout(() => {
        throw new Error('nobody catches');
      });
      window.xss();
      const script = document.createElement('script');
      script.textContent = 'window.inline = true';
      document.body.append(script);
      setTimeout(() => alert('a dialog'));
      fetch('https://elsewhere.example/').catch(() => {});
    });
    const wanted = [/console: an error/, /uncaught: nobody/, /stranger ran/, /policy:/, /dialog:/];
    await eventually(() => {
      for (const pattern of [...wanted])
        assert.ok(
          expected.seen.some((line) => pattern.test(line)),
          String(pattern),
        );
    });
    assert.equal(await page.evaluate(() => window.inline), undefined);
    await mustFail(() => expected.check(), /no page may do/);
  },
};
