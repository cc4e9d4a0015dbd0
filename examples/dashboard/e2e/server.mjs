// The real server on a real database: a month made once, and a copy of it for each who asks.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const BUILD = path.resolve(ROOT, process.env.LL_BUILD ?? 'build');
export const TOKEN = 'e2e-token-of-the-browser-tests-0123456789';

const ENGINE = path.join(ROOT, 'examples/trading_engine/run.sh');
const READY = /The server is at (http:\/\/\S+)/;
const STARTS_MS = 30_000;
const STOPS_MS = 30_000;

const engines = new Set();

/** At the end, whatever the end is: those that still run stop their servers. */
export const endServers = () => engines.forEach((child) => child.kill());

function engine(args, folder, env) {
  const child = spawn(ENGINE, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PYTHONPATH: path.join(BUILD, 'python'),
      LLMLEARN_DEMO_DB: path.join(folder, 'learning.db'),
      LLMLEARN_SERVER_PORT: '0',
      LLMLEARN_ADMIN_TOKEN: TOKEN,
      // All visitors of a test come from one address.
      LLMLEARN_IDENTITIES_PER_HOUR: '1000000',
      LLMLEARN_EXPLAINS_PER_HOUR: '1000000',
      LLMLEARN_CONNECTIONS_PER_ADDRESS: '256',
      ...env,
    },
  });
  engines.add(child);
  child.on('exit', () => engines.delete(child));
  return child;
}

/** Resolves with what it said when `ready` fits, or when it ended well. */
function waitFor(child, ready) {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => {
      child.kill();
      reject(new Error(`not ready within ${STARTS_MS / 1000} s:\n${said}`));
    }, STARTS_MS);
    const listen = (text) => {
      said += text;
      if (ready.test(said)) done(resolve, said);
    };
    const done = (tell, what) => {
      clearTimeout(timer);
      tell(what);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('exit', (code) =>
      code === 0 ? done(resolve, said) : done(reject, new Error(`status ${code}:\n${said}`)),
    );
  });
}

/** Makes the month that all tests begin with. */
export async function makeMonth(folder) {
  mkdirSync(folder, { recursive: true });
  await waitFor(engine(['--once', '--month'], folder, {}), /$^/);
}

/**
 * Starts the server on a copy of the month, as `make run` does.
 *
 * @param {string} month the folder of makeMonth, which no server has open
 * @param {string} folder for the copy
 * @param {Record<string, string>} [env] for the server
 */
export async function startServer(month, folder, env = {}) {
  cpSync(month, folder, { recursive: true });
  const child = engine(['--serve'], folder, env);
  const [, url] = READY.exec(await waitFor(child, READY));
  return {
    url,
    stop: () =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => child.kill('SIGKILL'), STOPS_MS);
        child.once('exit', (code) => {
          clearTimeout(timer);
          if (code === 0) resolve();
          else reject(new Error(`the server stopped with status ${code}`));
        });
        child.kill('SIGTERM');
      }),
  };
}

/** Calls the API as one user would, with the cookie that the server gave. */
export class Client {
  constructor(url, { admin = false } = {}) {
    this.url = url;
    this.admin = admin;
    this.cookie = '';
  }

  /** @returns {Promise<{status: number, body: any}>} */
  async call(method, route, body, headers = {}) {
    const response = await fetch(this.url + route, {
      method,
      signal: AbortSignal.timeout(30_000),
      headers: {
        ...(this.admin ? { Authorization: `Bearer ${TOKEN}` } : {}),
        ...(this.cookie ? { Cookie: this.cookie } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const [cookie] = response.headers.getSetCookie();
    if (cookie) this.cookie = cookie.split(';')[0];
    return { status: response.status, body: await response.json() };
  }

  /** The same, where anything but success is an error. */
  async ok(method, route, body, headers) {
    const got = await this.call(method, route, body, headers);
    if (got.status >= 300)
      throw new Error(`${method} ${route}: ${got.status} ${JSON.stringify(got.body)}`);
    return got.body;
  }
}
