/** Pages by path, on the history API. */
import { useSyncExternalStore } from 'react';

const CHANGED = 'llmlearn:address';

function subscribe(tell) {
  addEventListener('popstate', tell);
  addEventListener(CHANGED, tell);
  return () => {
    removeEventListener('popstate', tell);
    removeEventListener(CHANGED, tell);
  };
}

export function navigate(to, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  dispatchEvent(new Event(CHANGED));
}

export const usePath = () => useSyncExternalStore(subscribe, () => location.pathname);

/** One value of the address' query, so that a view can be linked to: [value, set]. */
export function useParam(name, fallback = '') {
  const query = useSyncExternalStore(subscribe, () => location.search);
  const set = (value) => {
    const params = new URLSearchParams(location.search);
    if (value === '' || value === fallback) params.delete(name);
    else params.set(name, value);
    const rest = params.toString();
    navigate(location.pathname + (rest && `?${rest}`), { replace: true });
  };
  return [new URLSearchParams(query).get(name) ?? fallback, set];
}

/** A real link: a plain click stays in this page, anything else is the browser's. */
export function Link({ to, onClick, children, ...rest }) {
  const follow = (event) => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (event.defaultPrevented || !plain || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
