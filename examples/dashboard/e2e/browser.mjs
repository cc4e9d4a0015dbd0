// Debian's Chromium, and an eye on everything in it that must not happen.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { TOKEN } from './server.mjs';

export const CHROMIUM = '/usr/bin/chromium';

/** Talks to 127.0.0.1 and to nobody else. */
export const launch = () =>
  chromium.launch({
    executablePath: CHROMIUM,
    timeout: 30_000,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-default-apps',
      '--disable-dev-shm-usage',
      '--disable-sync',
      '--no-first-run',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });

/** What a page did that no page may do: each a line. */
export class Watch {
  constructor() {
    this.seen = [];
    this.allowed = [];
  }

  /** For tests in which something fails that is meant to. */
  allow(pattern) {
    this.allowed.push(pattern);
  }

  note(line) {
    this.seen.push(line);
  }

  check() {
    const bad = this.seen.filter((line) => !this.allowed.some((pattern) => pattern.test(line)));
    assert.deepEqual(bad, [], 'the page did what no page may do');
  }

  async attach(page) {
    page.on('console', (message) => {
      if (message.type() === 'error')
        this.note(`console: ${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => this.note(`uncaught: ${error.message}`));
    page.on('dialog', async (dialog) => {
      this.note(`dialog: ${dialog.message()}`);
      await dialog.dismiss();
    });
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (hostname !== '127.0.0.1' && protocol !== 'blob:') this.note(`asks ${request.url()}`);
    });
    await page.exposeBinding('e2eNote', (_, line) => this.note(line));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        window.e2eNote(`policy: ${event.effectiveDirective} ${event.blockedURI}`),
      );
      window.xss = () => window.e2eNote('script of a stranger ran');
    });
  }
}

/** One test's browsers; all are closed with it. */
export class Visitors {
  constructor(browser, server) {
    this.browser = browser;
    this.server = server;
    this.watch = new Watch();
    this.contexts = [];
  }

  /** Somebody new: an own cookie, an own storage. Options are those of Playwright's contexts. */
  async page({ path, admin = false, clock = false, ...options } = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 900 },
      reducedMotion: 'reduce',
      ...options,
    });
    this.contexts.push(context);
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    await this.watch.attach(page);
    if (clock) await page.clock.install();
    if (path !== undefined) await this.go(page, path, admin);
    return page;
  }

  async go(page, path, admin = false) {
    await page.goto(`${this.server.url}${path}${admin ? `#token=${TOKEN}` : ''}`);
    await settled(page);
  }

  async close() {
    for (const context of this.contexts) await context.close();
  }
}

/** Nothing on the page is still loading. */
export async function settled(page) {
  await page.locator('h1, h2').first().waitFor();
  await page.waitForFunction(
    () => !document.querySelector('main [aria-busy="true"], main .skeleton-line'),
  );
}

/** Everything has its place and colour, after another width or colour scheme. */
export async function painted(page) {
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
  await page.waitForFunction(() =>
    document.getAnimations().every((one) => one.effect.getComputedTiming().endTime === Infinity),
  );
}

/** Tries again until it does not throw. */
export async function eventually(check, within_ms = 10_000) {
  const end = Date.now() + within_ms;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** For negative controls: the check must see what is wrong. */
export const mustFail = (check, pattern) => assert.rejects(async () => check(), pattern);
