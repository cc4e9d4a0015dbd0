/** Who is signed in: the admin token, kept in this tab alone and gone when it closes. */
import { useSyncExternalStore } from 'react';

const KEY = 'llmlearn-admin-token';
const NOBODY = { token: null, refused: false };
const listeners = new Set();
let session = read();
let accepted = session.token; // the last that the server took: one that it refused is not kept

function read() {
  try {
    return { token: sessionStorage.getItem(KEY), refused: false };
  } catch {
    return NOBODY; // storage may be forbidden; signing in then lasts until the next reload
  }
}

function change(next) {
  session = next;
  try {
    if (next.token) sessionStorage.setItem(KEY, next.token);
    else sessionStorage.removeItem(KEY);
  } catch {
    /* as above */
  }
  for (const tell of listeners) tell();
}

export const getToken = () => session.token;
export const signIn = (token) => change({ token: token.trim(), refused: false });
export function signOut() {
  accepted = null;
  change(NOBODY);
}

/** The server has answered to this token; one that nobody has any more does not count. */
export function acceptToken(token) {
  if (token === session.token) accepted = token;
}

/** The server said 401 to this token; a newer one stays. */
export function refuseToken(token) {
  if (token === null || token !== session.token) return;
  change({ token: null, refused: token === accepted ? 'ended' : 'wrong' });
}

/** Takes `#token=...` over from the address and removes it there, from the history as well. */
export function takeTokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!token) return;
  history.replaceState(history.state, '', location.pathname + location.search);
  signIn(token);
}

function subscribe(tell) {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** @returns {{token: string|null, refused: false|'wrong'|'ended'}} ended: it was good before */
export const useSession = () => useSyncExternalStore(subscribe, () => session);
