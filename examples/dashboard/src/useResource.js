import { useCallback, useEffect, useReducer, useRef } from 'react';
import { serverNow } from './serverClock.js';

const REFRESH_MS = 5 * 60_000;
const EMPTY = { key: undefined, data: null, error: null, at: null, loading: true };

function reduce(state, action) {
  switch (action.type) {
    case 'start':
      // What was loaded for another key is not this one's data. An error that stands alone is over:
      // who tries again sees that it loads.
      return action.key === state.key && state.data !== null
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

/**
 * Loads something and keeps it fresh: again every five minutes while the page is
 * to be seen, at once when it comes back after longer, and by `refresh()`. What was
 * loaded stays when a later load fails.
 *
 * @template T
 * @param {(signal: AbortSignal, options: {refresh: boolean}) => Promise<T>} load
 *   `refresh` is true when a person asked: do not answer from a cache
 * @param {{key?: string, enabled?: boolean, refreshMs?: number}} [options]
 *   key: of what is loaded; another key starts anew, without the old data; refreshMs: 0: only
 *   when asked
 * @returns {{data: T|null, error: Error|null, loading: boolean, stale: boolean, at: number|null,
 *   refresh: () => Promise<void>}}
 *   at: when `data` came, in ms; stale: it is older than it should be, since loading failed
 */
export function useResource(load, { key = '', enabled = true, refreshMs = REFRESH_MS } = {}) {
  const [state, dispatch] = useReducer(reduce, EMPTY);
  const loader = useRef(load);
  const current = useRef({ abort: null, tried: 0 });
  useEffect(() => {
    loader.current = load;
  });

  const run = useCallback(
    async (refresh) => {
      current.current.abort?.abort();
      const abort = new AbortController();
      current.current = { abort, tried: Date.now() };
      dispatch({ type: 'start', key });
      try {
        const data = await loader.current(abort.signal, { refresh });
        if (!abort.signal.aborted) dispatch({ type: 'done', data, at: serverNow() });
      } catch (error) {
        if (!abort.signal.aborted) dispatch({ type: 'failed', error });
      }
    },
    [key],
  );

  useEffect(() => {
    if (!enabled) return undefined;
    const due = () => {
      const waited = Date.now() - current.current.tried;
      const isDue = waited >= refreshMs || waited < 0; // somebody has set the clock back
      if (document.visibilityState === 'visible' && isDue) run(false);
    };
    const back = () => {
      if (document.visibilityState === 'visible') run(false);
    };
    run(false);
    if (refreshMs === 0) return () => current.current.abort?.abort();
    const timer = setInterval(due, refreshMs);
    document.addEventListener('visibilitychange', due);
    window.addEventListener('online', back);
    return () => {
      current.current.abort?.abort();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', due);
      window.removeEventListener('online', back);
    };
  }, [run, enabled, refreshMs]);

  const fits = state.key === key;
  const refresh = useCallback(() => run(true), [run]);
  return {
    data: fits ? state.data : null,
    error: fits ? state.error : null,
    at: fits ? state.at : null,
    loading: !fits || state.loading,
    stale: fits && state.error !== null && state.data !== null,
    refresh,
  };
}
