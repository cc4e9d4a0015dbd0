import { useCallback, useEffect, useReducer, useRef } from 'react';
import { serverNow } from './serverClock.js';

const REFRESH_MS = 5 * 60_000;
const RETRY_MS = 30_000; // after a failure that passes by itself
const EMPTY = { key: undefined, data: null, error: null, at: null, loading: true };

function reduce(state, action) {
  switch (action.type) {
    case 'start':
      // What was loaded for another key is not this one's data. Who tries again sees that it loads,
      // in place of an error; where the page does so by itself the error stays meanwhile.
      return action.key === state.key && (state.data !== null || action.quiet)
        ? { ...state, loading: true }
        : { ...EMPTY, key: action.key };
    case 'done':
      return { ...state, data: action.data, error: null, at: action.at, loading: false };
    case 'failed':
      return { ...state, error: action.error, loading: false };
    default:
      throw new Error(`no such action: ${action.type}`);
  }
}

/** No answer came, or the server itself has failed: later it may be well again. */
const isPassing = ({ status }) => status === 0 || status >= 500;

/**
 * Loads something and keeps it fresh: again every five minutes while the page is
 * to be seen, at once when it comes back after longer, and by `refresh()`. What was
 * loaded stays when a later load fails; while the server is gone or broken it is
 * asked every half minute.
 *
 * @template T
 * @param {(signal: AbortSignal, options: {refresh: boolean}) => Promise<T>} load
 *   `refresh` is true when a person asked: do not answer from a cache
 * @param {{key?: string, enabled?: boolean, refreshMs?: number}} [options]
 *   key: of what is loaded; another key starts anew, without the old data; refreshMs: 0: only
 *   when asked, once there is something
 * @returns {{data: T|null, error: Error|null, loading: boolean, stale: boolean, at: number|null,
 *   refresh: () => Promise<void>}}
 *   at: when `data` came, in ms; stale: it is older than it should be, since loading failed
 */
export function useResource(load, { key = '', enabled = true, refreshMs = REFRESH_MS } = {}) {
  const [state, dispatch] = useReducer(reduce, EMPTY);
  const loader = useRef(load);
  const hasData = useRef(false);
  const current = useRef({ abort: null, tried: 0, failed: false });
  useEffect(() => {
    loader.current = load;
    hasData.current = state.data !== null;
  });

  const run = useCallback(
    async ({ refresh = false, quiet = false }) => {
      current.current.abort?.abort();
      const abort = new AbortController();
      const now = { abort, tried: Date.now(), failed: false };
      current.current = now;
      dispatch({ type: 'start', key, quiet });
      try {
        const data = await loader.current(abort.signal, { refresh });
        if (!abort.signal.aborted) dispatch({ type: 'done', data, at: serverNow() });
      } catch (error) {
        if (abort.signal.aborted) return;
        now.failed = isPassing(error);
        dispatch({ type: 'failed', error });
      }
    },
    [key],
  );

  useEffect(() => {
    if (!enabled) return undefined;
    const due = ({ type } = {}) => {
      if (document.visibilityState !== 'visible') return;
      const { tried, failed } = current.current;
      if (refreshMs === 0 && (hasData.current || !failed)) return;
      const waited = Date.now() - tried; // below 0: somebody has set the clock back
      const isLate = waited >= (failed ? RETRY_MS : refreshMs) || waited < 0;
      if (isLate || type === 'online') run({ quiet: true });
    };
    run({});
    const timer = setInterval(due, RETRY_MS);
    document.addEventListener('visibilitychange', due);
    window.addEventListener('online', due);
    return () => {
      current.current.abort?.abort();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', due);
      window.removeEventListener('online', due);
    };
  }, [run, enabled, refreshMs]);

  const fits = state.key === key;
  const refresh = useCallback(() => run({ refresh: true }), [run]);
  return {
    data: fits ? state.data : null,
    error: fits ? state.error : null,
    at: fits ? state.at : null,
    loading: !fits || state.loading,
    stale: fits && state.error !== null && state.data !== null,
    refresh,
  };
}
