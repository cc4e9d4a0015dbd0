/** A server for tests: answers by method and path, and remembers what it was asked. */
import { vi } from 'vitest';

const respond = (status, body, headers = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
  });

/** An answer of RFC 9457. */
export const problem = (status, title, detail, more = {}, headers = {}) =>
  respond(status, { type: 'about:blank', title, status, detail, ...more }, headers);

export const ok = (body) => respond(200, body);

/** A promise and what settles it, so that a test decides when an answer comes. */
export function later() {
  let settle;
  const promise = new Promise((resolve) => {
    settle = resolve;
  });
  return { promise, answer: settle };
}

/**
 * @param {Record<string, any>} routes 'GET /api/x': a function of the request, or a body
 * @returns {{asked: {method, path, query, body, headers}[], routes}} routes may be changed
 */
export function serve(routes) {
  const asked = [];
  vi.stubGlobal('fetch', async (address, options = {}) => {
    const url = new URL(address, location.origin);
    const request = {
      method: options.method ?? 'GET',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: options.body === undefined ? undefined : JSON.parse(options.body),
      headers: options.headers,
    };
    asked.push(request);
    const route = routes[`${request.method} ${request.path}`];
    if (route === undefined) return problem(404, 'Not found', 'There is no such thing.');
    const given = new Promise((_, reject) => {
      options.signal?.addEventListener('abort', () => {
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
    const answer = await Promise.race([
      typeof route === 'function' ? route(request) : route,
      given,
    ]);
    return answer instanceof Response ? answer : ok(answer);
  });
  return { asked, routes };
}
