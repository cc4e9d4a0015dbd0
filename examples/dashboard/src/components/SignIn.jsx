import { useEffect, useRef, useState } from 'react';
import { tryToken } from '../api.js';
import { acceptToken, signIn, signOut } from '../session.js';
import { ErrorNotice } from './ErrorNotice.jsx';
import './SignIn.css';

const REFUSED = {
  wrong: 'The server did not accept this token. Please check it and try again.',
  ended: 'The server no longer accepts the token that you had. Sign in again.',
};
const WAITS =
  'The server no longer accepts the token that you had. Sign in again, and you go on where you were.';

/** Signs in with what was typed once the server has accepted it; until then it may be mended. */
function useSignIn(input) {
  const [token, setToken] = useState('');
  const [state, setState] = useState({ waiting: false, error: null });
  const asked = useRef(null);
  useEffect(() => () => asked.current?.abort(), []);

  const submit = async (event) => {
    event?.preventDefault();
    const typed = token.trim();
    if (state.waiting || !typed) return;
    setState({ waiting: true, error: null });
    const { signal } = (asked.current = new AbortController());
    try {
      await tryToken(typed, signal);
      if (signal.aborted) return;
      signIn(typed);
      acceptToken(typed);
    } catch (error) {
      if (signal.aborted) return;
      setState({ waiting: false, error });
      input.current.focus();
      input.current.select();
    }
  };
  return { token, setToken, ...state, submit };
}

/**
 * Asks for the admin token, and again until the server accepts one.
 *
 * @param {{title: string, refused?: false|'wrong'|'ended', waits?: boolean}} props
 *   title: of the page behind it; refused: the last token was, though it was good before: ended;
 *   waits: the page does, as it was left, and signing out gives it up
 */
export function SignIn({ title, refused = false, waits = false }) {
  const input = useRef(null);
  const { token, setToken, waiting, error, submit } = useSignIn(input);
  useEffect(() => {
    if (refused) input.current.focus(); // whatever had it is gone
  }, [refused]);
  const isWrong = error?.status === 401;
  const ended = waits ? WAITS : REFUSED[refused];
  const said = isWrong ? REFUSED.wrong : ended;
  return (
    <form className="sign-in panel" onSubmit={submit}>
      <h1>{title}</h1>
      <p className="muted">This page is for administrators. Sign in with the admin token.</p>
      <div className="field">
        <label htmlFor="admin-token">Admin token</label>
        <input
          id="admin-token"
          ref={input}
          className="input"
          type="password"
          autoComplete="current-password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-invalid={isWrong || Boolean(refused)}
          aria-describedby="admin-token-hint"
          required
        />
        <span id="admin-token-hint" className="field-hint">
          What the server was given as LLMLEARN_ADMIN_TOKEN. It stays in this tab and is forgotten
          when you close it.
        </span>
      </div>
      {said && (
        <p className="field-error" role="alert">
          {said}
        </p>
      )}
      {error && !isWrong && <ErrorNotice error={error} onRetry={submit} />}
      <button type="submit" className="button primary" aria-disabled={waiting}>
        {waiting ? 'Signing in …' : 'Sign in'}
      </button>
      {waits && (
        <button type="button" className="button" onClick={signOut}>
          Sign out
        </button>
      )}
    </form>
  );
}
