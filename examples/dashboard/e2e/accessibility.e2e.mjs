// axe-core finds nothing on any page, in any state, light and dark.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { mustFail } from './browser.mjs';
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

const tests = {};
for (const colorScheme of ['light', 'dark']) {
  for (const { name, path, admin } of PAGES)
    tests[`${name}, ${colorScheme}`] = async (visitors) => {
      const page = await visitors.page({ path, admin, colorScheme });
      await checkAccessible(page, name);
    };
  for (const { name, path, admin, enter, fails } of STATES)
    tests[`${name}, ${colorScheme}`] = async (visitors) => {
      if (fails) visitors.watch.allow(fails);
      const page = await visitors.page({ path, admin, colorScheme });
      await enter(page);
      await checkAccessible(page, name);
    };
}

tests['control: a nameless button and pale words are found'] = async (visitors) => {
  const page = await visitors.page({ path: '/', colorScheme: 'light' });
  await page.evaluate(() => {
    const pale = document.createElement('p');
    pale.textContent = 'hardly to be read';
    pale.style.color = '#ccc';
    document.querySelector('main').prepend(document.createElement('button'), pale);
  });
  await mustFail(() => checkAccessible(page), /button-name[^]*color-contrast|contrast[^]*name/);
};

export { tests };
