import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as api from '../src/api.js';
import { getToken, signIn, signOut } from '../src/session.js';
import { later, problem, serve } from './server.js';

const TOKEN = 'a'.repeat(32);
beforeEach(signOut);

describe('each call', () => {
  const cases = [
    ['listExplanations', [{ limit: 5, ticker: '' }], 'GET', '/api/explanations'],
    ['getExplanation', ['a/b'], 'GET', '/api/explanations/a%2Fb'],
    ['explain', [{ ticker: 'A' }], 'POST', '/api/explanations'],
    ['sendFeedback', ['1', 't', { helpful: true }], 'POST', '/api/feedback/1'],
    ['withdrawFeedback', ['1', 't'], 'DELETE', '/api/feedback/1'],
    ['getAnalytics', [{ days: 7, refresh: true }], 'GET', '/api/admin/llm-analytics'],
    ['getAbTests', [{ signal: 'BUY' }], 'GET', '/api/admin/llm-ab-tests'],
    ['getAbTestSeries', [3], 'GET', '/api/admin/llm-ab-tests/3/series'],
    ['startAbTest', [{ signal: 'BUY' }], 'POST', '/api/admin/llm-ab-tests'],
    ['decideAbTest', [3, { promote: true }], 'POST', '/api/admin/llm-ab-tests/3/decide'],
    ['promoteVariant', [3, { version: 'v' }], 'POST', '/api/admin/llm-ab-tests/3/promote'],
    ['stopAbTest', [3, { actor: 'a' }], 'POST', '/api/admin/llm-ab-tests/3/stop'],
    ['rollback', [3, { actor: 'a' }], 'POST', '/api/admin/llm-ab-tests/3/rollback'],
    ['getDecisions', [{}], 'GET', '/api/admin/decisions'],
    ['getVariants', [{}], 'GET', '/api/admin/variants'],
    ['addVariant', [{ signal: 'BUY' }], 'POST', '/api/admin/variants'],
    ['approveVariant', ['BUY', 'v/1', {}], 'POST', '/api/admin/variants/BUY/v%2F1/approve'],
    ['archiveVariant', ['BUY', 'v1', {}], 'POST', '/api/admin/variants/BUY/v1/archive'],
  ];
  it.each(cases)('%s(%j) is %s %s', async (name, args, method, path) => {
    signIn(TOKEN);
    const { asked } = serve({ [`${method} ${path}`]: { fine: true } });
    await expect(api[name](...args)).resolves.toEqual({ fine: true });
    const admin = path.startsWith('/api/admin');
    expect(asked[0].headers.Authorization).toBe(admin ? `Bearer ${TOKEN}` : undefined);
  });

  it('leaves out of the query what is not given', async () => {
    const { asked } = serve({ 'GET /api/explanations': {} });
    await api.listExplanations({ limit: 5, ticker: '', before: null });
    expect(asked[0].query).toEqual({ limit: '5' });
  });

  it('sends the token of the explanation with a vote', async () => {
    const { asked } = serve({ 'POST /api/feedback/1': {} });
    await api.sendFeedback('1', 'token-1', { helpful: false });
    expect(asked[0].headers['Feedback-Token']).toBe('token-1');
    expect(asked[0].body).toEqual({ helpful: false });
  });
});

describe('an error', () => {
  const list = () => api.listExplanations({});
  const failing = (answer) => serve({ 'GET /api/explanations': answer });

  it('has the problem the server describes', async () => {
    failing(() =>
      problem(422, 'Not valid', 'ticker is too long', {
        errors: [{ field: 'ticker', detail: 'at most 128 bytes' }],
      }),
    );
    const error = await list().catch((caught) => caught);
    expect(error).toBeInstanceOf(api.ApiError);
    expect(error).toMatchObject({ status: 422, message: 'ticker is too long' });
    expect(error.field('ticker')).toBe('at most 128 bytes');
    expect(error.field('signal')).toBeNull();
  });

  it('says when to try again, by the body or by the header', async () => {
    failing(() => problem(429, 'Too often', 'wait', { retry_after_s: 90 }));
    await expect(list()).rejects.toMatchObject({ retryAfterS: 90 });
    failing(() => problem(429, 'Too often', 'wait', {}, { 'Retry-After': '30' }));
    await expect(list()).rejects.toMatchObject({ retryAfterS: 30 });
  });

  it('of a proxy, in HTML, is said in words', async () => {
    failing(() => new Response('<h1>Bad gateway</h1>', { status: 502, statusText: 'Bad Gateway' }));
    const error = await list().catch((caught) => caught);
    expect(error.status).toBe(502);
    expect(error.message).toMatch(/status 502/);
    expect(error.message).not.toMatch(/</);
  });

  it('is status 0 without a connection', async () => {
    await expect(list()).rejects.toMatchObject({ status: 0, problem: { title: 'No connection' } });
  });

  it('is status 0 where the answer is no JSON', async () => {
    failing(() => new Response('<html>', { status: 200 }));
    await expect(list()).rejects.toMatchObject({ status: 0, problem: { title: 'Not understood' } });
  });

  it('comes after 15 seconds without an answer', async () => {
    vi.useFakeTimers();
    failing(() => later().promise);
    const answer = list().catch((caught) => caught);
    await vi.advanceTimersByTimeAsync(14_900);
    const still = Symbol('still waiting');
    expect(await Promise.race([answer, Promise.resolve(still)])).toBe(still);
    await vi.advanceTimersByTimeAsync(200);
    expect((await answer).problem.title).toBe('No answer in time');
  });

  it('does not come while the answer comes, however slowly', async () => {
    vi.useFakeTimers();
    let body;
    vi.stubGlobal('fetch', async (_, { signal }) => {
      const start = (made) => {
        body = made;
        signal.addEventListener('abort', () => made.error(new DOMException('', 'AbortError')));
      };
      return new Response(new ReadableStream({ start }));
    });
    const answer = list().catch((caught) => caught);
    const pieces = ['{"explanations": [', '"été"', '], "next"', ': null}'];
    for (const piece of pieces) {
      await vi.advanceTimersByTimeAsync(10_000);
      body.enqueue(new TextEncoder().encode(piece));
    }
    body.close();
    await expect(answer).resolves.toEqual({ explanations: ['été'], next: null });

    const halted = list().catch((caught) => caught);
    await vi.advanceTimersByTimeAsync(10_000);
    body.enqueue(new TextEncoder().encode('{'));
    await vi.advanceTimersByTimeAsync(15_100);
    expect((await halted).problem.title).toBe('No answer in time');
  });

  it('comes at once when the caller gives up', async () => {
    failing(() => later().promise);
    const abort = new AbortController();
    const answer = api.listExplanations({}, abort.signal).catch((caught) => caught);
    abort.abort();
    expect((await answer).problem.title).toBe('Given up');
  });
});

describe('a token that is refused', () => {
  const refused = () => problem(401, 'Not signed in', 'The token is missing or wrong.');

  it('is forgotten', async () => {
    signIn(TOKEN);
    serve({ 'GET /api/admin/decisions': refused });
    await expect(api.getDecisions({})).rejects.toMatchObject({ status: 401 });
    expect(getToken()).toBeNull();
  });

  it('does not take away a newer one', async () => {
    signIn(TOKEN);
    const waiting = later();
    serve({ 'GET /api/admin/decisions': () => waiting.promise });
    const answer = api.getDecisions({}).catch(() => {});
    signIn('b'.repeat(32));
    waiting.answer(refused());
    await answer;
    expect(getToken()).toBe('b'.repeat(32));
  });

  it('is no matter of a reader’s 401', async () => {
    signIn(TOKEN);
    serve({ 'POST /api/feedback/1': refused });
    await api.sendFeedback('1', 't', { helpful: true }).catch(() => {});
    expect(getToken()).toBe(TOKEN);
  });
});
