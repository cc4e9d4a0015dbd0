/**
 * The server's API, see openapi.json. The only place that calls fetch.
 *
 * Every call takes an AbortSignal last, where it can be given up, and throws an
 * ApiError and nothing else: `message` is a sentence for people, `status` is the
 * HTTP status, or 0 where no answer came.
 */
import { setServerClock } from './serverClock.js';
import { acceptToken, getToken, refuseToken } from './session.js';

const TIMEOUT_MS = 15_000; // without a word of the answer
const SLOW_TIMEOUT_MS = 60_000; // a model, or a decision over millions of votes

export class ApiError extends Error {
  /**
   * @param {number} status HTTP status; 0: no answer came
   * @param {object} problem RFC 9457: {title, detail, errors?, retry_after_s?}
   */
  constructor(status, problem) {
    super(problem.detail || problem.title);
    this.name = 'ApiError';
    this.status = status;
    this.problem = problem;
  }

  /** Seconds after which trying again makes sense, or null. */
  get retryAfterS() {
    return this.problem.retry_after_s ?? null;
  }

  /** What is wrong with one field of what was sent, or null. */
  field(name) {
    return this.problem.errors?.find((error) => error.field === name)?.detail ?? null;
  }
}

const noAnswer = (title, detail) => new ApiError(0, { title, detail });
const OFFLINE = ['No connection', 'The server cannot be reached. Is it running, are you online?'];
const LATE = ['No answer in time', 'The server took too long to answer. Please try again.'];
const GARBLED = ['Not understood', 'The server answered in a way this page does not understand.'];

/** Ends when the caller gives up, or late: `renew` begins to count again. */
function deadline(signal, ms) {
  const controller = new AbortController();
  const state = { late: false, signal: controller.signal };
  const giveUp = () => controller.abort(signal.reason);
  let timer;
  const late = () => {
    state.late = true;
    controller.abort();
  };
  state.renew = () => {
    clearTimeout(timer);
    timer = setTimeout(late, ms);
  };
  state.renew();
  if (signal?.aborted) giveUp();
  signal?.addEventListener('abort', giveUp);
  state.end = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  };
  return state;
}

function withQuery(path, query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value != null && value !== '');
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

async function readProblem(response) {
  const retry = Number(response.headers.get('Retry-After')) || undefined;
  const fallback = {
    title: response.statusText || `Status ${response.status}`,
    detail: `The server answered with status ${response.status}. Please try again later.`,
    retry_after_s: retry,
  };
  try {
    return { ...fallback, ...(await response.json()) };
  } catch {
    return fallback; // a proxy's own page, say
  }
}

/** A large answer over a slow line is not late while it comes. */
async function readAnswer(response, until) {
  const words = new TextDecoder();
  const reader = response.body.getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return JSON.parse(text + words.decode());
    text += words.decode(value, { stream: true });
    until.renew();
  }
}

async function request(method, path, options = {}) {
  const { query, body, headers = {}, token = null, signal, timeoutMs = TIMEOUT_MS } = options;
  const until = deadline(signal, timeoutMs);
  try {
    const response = await fetch(withQuery(path, query), {
      method,
      signal: until.signal,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    setServerClock(response.headers.get('Date'));
    if (!response.ok) throw new ApiError(response.status, await readProblem(response));
    return await readAnswer(response, until);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (until.late) throw noAnswer(...LATE);
    if (signal?.aborted) throw noAnswer('Given up', 'This is no longer needed.');
    throw noAnswer(...(error instanceof SyntaxError ? GARBLED : OFFLINE));
  } finally {
    until.end();
  }
}

/** As an administrator; a token that is refused is forgotten, and the page asks for another. */
async function admin(method, path, options) {
  const token = getToken();
  try {
    const answer = await request(method, `/api/admin${path}`, { ...options, token });
    acceptToken(token);
    return answer;
  } catch (error) {
    if (error.status === 401) refuseToken(token);
    throw error;
  }
}

const id = encodeURIComponent;
const test = (testId) => `/llm-ab-tests/${id(testId)}`;
const variant = (signal, version) => `/variants/${id(signal)}/${id(version)}`;

// ---- for readers

/** @param {{limit?, before?, signal?, ticker?}} query */
export const listExplanations = (query, signal) =>
  request('GET', '/api/explanations', { query, signal });
export const getExplanation = (explanationId, signal) =>
  request('GET', `/api/explanations/${id(explanationId)}`, { signal });
/** @param {{ticker, signal, confidence?, values?}} body */
export const explain = (body, signal) =>
  request('POST', '/api/explanations', { body, signal, timeoutMs: SLOW_TIMEOUT_MS });
/** @param {{helpful: boolean, rating?: number, comment?: string}} body */
export const sendFeedback = (explanationId, feedbackToken, body, signal) =>
  request('POST', `/api/feedback/${id(explanationId)}`, {
    body,
    signal,
    headers: { 'Feedback-Token': feedbackToken },
  });
export const withdrawFeedback = (explanationId, feedbackToken, signal) =>
  request('DELETE', `/api/feedback/${id(explanationId)}`, {
    signal,
    headers: { 'Feedback-Token': feedbackToken },
  });

// ---- for administrators

/** Whether a token is good, before anybody signs in with it: throws 401 if not. */
export const tryToken = (token, signal) =>
  request('GET', '/api/admin/decisions', { query: { limit: 1 }, token, signal });
/** @param {{days?: number, refresh?: boolean}} query refresh: do not answer from the cache */
export const getAnalytics = ({ days, refresh } = {}, signal) =>
  admin('GET', '/llm-analytics', { query: { days, refresh: refresh ? 1 : null }, signal });
/** @param {{signal?: string, limit?: number}} query */
export const getAbTests = (query, signal) => admin('GET', '/llm-ab-tests', { query, signal });
export const getAbTestSeries = (testId, signal) =>
  admin('GET', `${test(testId)}/series`, { signal });
/** @param {object} body {signal, arms: [{version, weight}], rule?, ..., actor} */
export const startAbTest = (body) => admin('POST', '/llm-ab-tests', { body });
/** The look at a test; with promote also the promotion, if the winner deserves it. */
export const decideAbTest = (testId, { promote }) =>
  admin('POST', `${test(testId)}/decide`, { body: { promote }, timeoutMs: SLOW_TIMEOUT_MS });
/** @param {{version, actor, reason}} body */
export const promoteVariant = (testId, body) => admin('POST', `${test(testId)}/promote`, { body });
/** @param {{actor, reason}} body */
export const stopAbTest = (testId, body) => admin('POST', `${test(testId)}/stop`, { body });
export const rollback = (testId, body) => admin('POST', `${test(testId)}/rollback`, { body });
export const getDecisions = (query, signal) => admin('GET', '/decisions', { query, signal });
export const getVariants = (query, signal) => admin('GET', '/variants', { query, signal });
/** @param {{signal, version, text, parent?}} body */
export const addVariant = (body) => admin('POST', '/variants', { body });
export const approveVariant = (signal, version, body) =>
  admin('POST', `${variant(signal, version)}/approve`, { body });
export const archiveVariant = (signal, version, body) =>
  admin('POST', `${variant(signal, version)}/archive`, { body });
