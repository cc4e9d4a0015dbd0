// axe-core finds nothing on any page, in any state, light and dark.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { mustFail, painted } from './browser.mjs';
import { PAGES } from './pages.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

async function checkAccessible(page, what) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(
    (values) => window.axe.run(document, { runOnly: { type: 'tag', values } }),
    TAGS,
  );
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`)}`,
  );
  assert.deepEqual(found, [], what);
  assert.ok(passes.length > 5, 'axe looked at something');
}

const press = (page, name) => page.getByRole('button', { name }).first().click();

/** What a page looks like after somebody did something. */
const STATES = [
  {
    name: 'a vote with its form',
    path: '/',
    enter: async (page) => {
      await page.getByRole('button', { name: 'Helpful', exact: true }).first().click();
      await press(page, 'Add stars or a comment');
      await page.getByLabel('Comment').first().waitFor();
    },
  },
  {
    name: 'a test that was decided, with its evidence',
    path: '/ab-tests?signal=HOLD',
    admin: true,
    enter: async (page) => {
      for (const evidence of await page.getByRole('button', { name: /^Evidence/ }).all())
        await evidence.click();
      for (const all of await page.getByText('All of the evidence').all()) await all.click();
    },
  },
  {
    name: 'a test that is always valid, and its dialog',
    path: '/ab-tests?signal=SELL',
    admin: true,
    enter: (page) => press(page, 'Promote… v1.1'),
  },
  {
    name: 'the form of a new test',
    path: '/ab-tests?signal=HOLD',
    admin: true,
    enter: (page) => press(page, 'Start a test…'),
  },
  {
    name: 'days as a table',
    path: '/analytics',
    admin: true,
    enter: (page) => page.getByText('Table', { exact: true }).click(),
  },
  {
    name: 'a refused token',
    path: '/analytics',
    fails: /status of 401/,
    enter: async (page) => {
      await page.getByLabel('Admin token').fill('not the token, but as long as one');
      await press(page, 'Sign in');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'a server that fails',
    path: '/',
    fails: /status of 500/,
    enter: async (page) => {
      const title = 'It broke';
      await page.route('**/api/**', (route) => route.fulfill({ status: 500, json: { title } }));
      await page.reload();
      await page.getByRole('alert').waitFor();
    },
  },
];

const stay = async () => {};

const tests = {};
for (const { name, path, admin, enter = stay, fails } of [...PAGES, ...STATES])
  tests[`${name}, light and dark`] = async (visitors) => {
    if (fails) visitors.watch.allow(fails);
    const page = await visitors.page({ path, admin });
    await enter(page);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await painted(page);
      await checkAccessible(page, `${name}, ${colorScheme}`);
    }
  };

/** The background of the first that fits, as it is painted. */
const background = (page, selector) =>
  page
    .locator(selector)
    .first()
    .evaluate((one) => getComputedStyle(one).backgroundColor);

tests['what is chosen is seen in colours of the reader’s own'] = async (visitors) => {
  const own = { forcedColors: 'active', colorScheme: 'dark' };
  const page = await visitors.page({ path: '/', ...own });
  await press(page, 'Helpful');
  await page.getByText('Thanks for your feedback.').waitFor();
  const differ = async (one, other) =>
    assert.notEqual(await background(page, one), await background(page, other), one);
  await differ('.segmented label:has(:checked)', '.segmented label:not(:has(:checked))');
  await differ('.thumb[aria-pressed="true"]', '.thumb[aria-pressed="false"]');
  await visitors.go(page, '/ab-tests?signal=BUY', true);
  await differ('.signal[aria-pressed="true"]', '.signal[aria-pressed="false"]');
  await differ('.progress .share-bar span', '.progress .share-bar');
};

tests['on paper dark is light'] = async (visitors) => {
  const page = await visitors.page({ path: '/', colorScheme: 'dark' });
  await page.getByTitle('Dark').click();
  const text = () => page.evaluate(() => getComputedStyle(document.body).color);
  const dark = await text();
  await page.emulateMedia({ media: 'print' });
  const light = await text();
  await page.emulateMedia({ media: 'screen' });
  await page.getByTitle('Light').click();
  assert.notEqual(dark, light);
  assert.equal(light, await text());
};

tests['zoomed in, the header covers nothing that has the focus'] = async (visitors) => {
  for (const viewport of [
    { width: 320, height: 256 },
    { width: 375, height: 700 },
  ]) {
    const page = await visitors.page({ path: '/', viewport });
    const thumb = page.getByRole('button', { name: 'Helpful', exact: true }).nth(3);
    await thumb.focus();
    await page.mouse.wheel(0, 3000);
    for (let tabs = 0; tabs < 3; tabs++) await page.keyboard.press('Shift+Tab'); // from below
    const covered = await page.evaluate(() => {
      const box = document.activeElement.getBoundingClientRect();
      const above = document.elementFromPoint(box.left + box.width / 2, box.top + 2);
      return above?.closest('.app-header') ? above.outerHTML : null;
    });
    assert.equal(covered, null, `${viewport.width} px`);
  }
};

tests['control: a nameless button and pale words are found'] = async (visitors) => {
  const page = await visitors.page({ path: '/nowhere', colorScheme: 'light' });
  await page.evaluate(() => {
    const pale = document.createElement('p');
    pale.textContent = 'hardly to be read';
    pale.style.color = '#ccc';
    document.querySelector('main').prepend(document.createElement('button'), pale);
  });
  await mustFail(() => checkAccessible(page), /button-name[^]*color-contrast|contrast[^]*name/);
};

export { tests };
