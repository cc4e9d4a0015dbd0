import { useReducer, useRef, useState } from 'react';
import { getExplanation, sendFeedback, withdrawFeedback } from './api.js';

const NO_WISH = Symbol('no wish');

function start(mine) {
  return { confirmed: mine, shown: mine, phase: 'idle', error: null, failed: NO_WISH };
}

function reduce(state, action) {
  switch (action.type) {
    case 'adopt': // the server's word, unless the reader is just changing it
      return state.phase === 'sending' ? { ...state, confirmed: action.mine } : start(action.mine);
    case 'wish':
      return { ...state, shown: action.vote, phase: 'sending', error: null, failed: NO_WISH };
    case 'confirm':
      return { ...state, confirmed: action.vote };
    case 'settle':
      return { ...state, phase: state.shown ? 'thanks' : 'withdrawn' };
    case 'fail':
      return {
        ...state,
        shown: state.confirmed,
        phase: 'failed',
        error: action.error,
        failed: action.vote,
      };
    default:
      throw new Error(`no such action: ${action.type}`);
  }
}

/** Sends or withdraws; with a new token, once, if the old one has run out. */
async function deliver({ id, feedback_token: given }, vote, token) {
  const call = () =>
    vote
      ? sendFeedback(id, token.current ?? given, vote)
      : withdrawFeedback(id, token.current ?? given);
  try {
    await call();
  } catch (error) {
    if (!vote && error.status === 404) return; // it is gone already
    if (error.status !== 401 && error.status !== 403) throw error;
    token.current = (await getExplanation(id)).feedback_token;
    await call();
  }
}

/**
 * A reader's vote on one explanation. It shows at once and is taken back if the server
 * refuses it. One request is under way at a time; of several wishes meanwhile the last
 * is sent, so that the server ends with what the reader sees.
 *
 * @param {{id: string, feedback_token: string, mine: object|null}} explanation
 * @param {(mine: object|null) => void} [onChange] called when the server has confirmed
 * @returns {{mine: object|null, phase: 'idle'|'sending'|'thanks'|'withdrawn'|'failed',
 *   refused: object|null, error: Error|null, submit: (vote: object|null) => Promise<boolean>,
 *   retry: () => Promise<boolean>}}
 *   refused: the vote that was not taken, while `phase` is 'failed'
 *   submit: {helpful, rating?, comment?}, or null to withdraw; false if it was refused
 */
export function useFeedback(explanation, onChange) {
  const { mine } = explanation;
  const [state, dispatch] = useReducer(reduce, mine, start);
  const [adopted, setAdopted] = useState(mine);
  const wish = useRef(NO_WISH);
  const busy = useRef(null);
  const token = useRef(null);

  if (adopted !== mine) {
    setAdopted(mine);
    dispatch({ type: 'adopt', mine });
  }

  async function settle() {
    let sent;
    do {
      sent = wish.current;
      try {
        await deliver(explanation, sent, token);
        dispatch({ type: 'confirm', vote: sent });
        onChange?.(sent);
      } catch (error) {
        if (sent !== wish.current) continue; // the reader has already thought again
        wish.current = NO_WISH;
        dispatch({ type: 'fail', error, vote: sent });
        return sent;
      }
    } while (sent !== wish.current);
    wish.current = NO_WISH;
    dispatch({ type: 'settle' });
    return NO_WISH;
  }

  async function submit(vote) {
    wish.current = vote;
    dispatch({ type: 'wish', vote });
    busy.current ??= settle().finally(() => {
      busy.current = null;
    });
    return (await busy.current) === NO_WISH;
  }

  const { shown, phase, error, failed } = state;
  const retry = () => (failed === NO_WISH ? Promise.resolve(true) : submit(failed));
  const refused = failed === NO_WISH ? null : failed;
  return { mine: shown, phase, refused, error, submit, retry };
}
