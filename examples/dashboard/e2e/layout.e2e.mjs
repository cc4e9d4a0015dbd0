// Every page fits into every window, and stands still for those who ask for it.
import assert from 'node:assert/strict';
import { mustFail, painted } from './browser.mjs';
import { PAGES } from './pages.mjs';

const WIDTHS = [320, 375, 768, 1440];

async function resize(page, width) {
  await page.setViewportSize({ width, height: 800 });
  await painted(page);
}

async function checkFits(page) {
  const wide = await page.evaluate(() => {
    const { scrollWidth } = document.scrollingElement;
    const over = [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .slice(0, 3)
      .map((element) => `${element.tagName} ${element.className}`);
    return scrollWidth > innerWidth ? [`${scrollWidth} px in ${innerWidth}`, ...over] : [];
  });
  assert.deepEqual(wide, [], `${page.url()} scrolls sideways`);
}

/** No text lies on another, and the numbers beside a name are not broken by it. */
async function checkApart(page) {
  const over = await page.evaluate(() =>
    [...document.querySelectorAll('main :is(td, th, dt, dd, figcaption, h2, h3, .badge)')]
      .filter((one) => one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1)
      .map((one) => `${one.tagName} ${one.className}: ${one.innerText.slice(0, 20)}`),
  );
  assert.deepEqual(over, [], page.url());
  const numbers = page.locator('.lift figcaption > span, .lift-mark, .allocation-list li > span');
  for (const number of await numbers.all()) assert.ok((await number.boundingBox()).height < 30);
}

/** How many things move by themselves, or take their time to change. */
const moving = (page) =>
  page.evaluate(
    () =>
      document.getAnimations().filter((one) => {
        const { duration, iterations } = one.effect.getComputedTiming();
        return duration > 1 || iterations === Infinity;
      }).length,
  );

export const tests = {
  ...Object.fromEntries(
    PAGES.map(({ name, path, admin }) => [
      `${name} fits at ${WIDTHS.join(', ')}, and stands still for who wants it so`,
      async (visitors) => {
        const page = await visitors.page({ path, admin, reducedMotion: 'reduce' });
        for (const width of WIDTHS) {
          await resize(page, width);
          await checkFits(page);
        }
        assert.equal(await moving(page), 0);
      },
    ]),
  ),

  'on a phone the chosen signal is in sight, and tests read without scrolling sideways': async (
    visitors,
  ) => {
    const phone = { width: 375, height: 812 };
    const page = await visitors.page({
      path: '/ab-tests?signal=HOLD',
      admin: true,
      viewport: phone,
    });
    const chosen = await page.locator('.signal[aria-pressed="true"]').boundingBox();
    assert.ok(chosen.x >= 0 && chosen.x + chosen.width <= phone.width, JSON.stringify(chosen));
    for (const name of ['Arms of the test', 'Guardrails of each arm', 'History of decisions']) {
      const box = page.getByRole('region', { name });
      const hidden = await box.evaluate(
        ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth,
      );
      assert.equal(hidden, 0, name);
    }
    await page.locator('.signal', { hasText: 'SELL' }).click();
    const evidence = page.locator('.verdict-figures b', { hasText: ': 1' });
    const lines = await evidence.evaluate(
      (one) => one.offsetHeight / parseFloat(getComputedStyle(one).lineHeight),
    );
    assert.equal(Math.round(lines), 1);
  },

  'names of the greatest length fit, and hide no number': async (visitors) => {
    const long = (letter) => `${letter}LONG_`.repeat(30).slice(0, 128);
    const names = { SELL: long('S'), 'v1.0': long('v'), 'v1.1': long('w'), AAPL: long('A') };
    for (const { path, admin } of PAGES.slice(0, 3)) {
      const page = await visitors.page();
      await page.route('**/api/**', async (route) => {
        const { pathname, search } = new URL(route.request().url());
        const response = await route.fetch({
          url: visitors.server.url + pathname + search.replace(names.SELL, 'SELL'),
        });
        let body = await response.text();
        for (const [name, other] of Object.entries(names))
          body = body.replaceAll(`"${name}"`, `"${other}"`);
        await route.fulfill({ response, body });
      });
      await visitors.go(page, path, admin);
      const signal = page.locator('.signal', { hasText: 'SLONG' });
      if (path === '/ab-tests') await signal.click();
      for (const width of [320, 1280]) {
        await resize(page, width);
        await checkFits(page);
        await checkApart(page);
      }
    }
  },

  'control: what is too wide is seen, and what moves': async (visitors) => {
    const page = await visitors.page({ path: '/nowhere' });
    await resize(page, 320);
    await page.evaluate(() => {
      const wide = document.createElement('div');
      wide.style.cssText = 'width: 400px; height: 1px';
      document.querySelector('main').append(wide);
      document.body.animate([{ opacity: 0.9 }, {}], 1e6);
    });
    await mustFail(() => checkFits(page), /scrolls sideways/);
    assert.equal(await moving(page), 1);
  },
};
