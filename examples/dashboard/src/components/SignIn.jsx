import { useEffect, useRef, useState } from 'react';
import { signIn } from '../session.js';
import './SignIn.css';

const REFUSED = {
  wrong: 'The server did not accept this token. Please check it and try again.',
  ended: 'The server no longer accepts the token that you had. Sign in again.',
};
const WAITS =
  'The server no longer accepts the token that you had. Sign in again, and you go on where you were.';

/**
 * Asks for the admin token. It is tried by the page that needs it, and asked for again
 * if the server refuses it.
 *
 * @param {{title: string, refused?: false|'wrong'|'ended', waits?: boolean}} props
 *   title: of the page behind it; refused: the last token was, though it was good before: ended;
 *   waits: the page does, as it was left
 */
export function SignIn({ title, refused = false, waits = false }) {
  const [token, setToken] = useState('');
  const input = useRef(null);
  useEffect(() => {
    if (refused) input.current.focus(); // whatever had it is gone
  }, [refused]);
  const submit = (event) => {
    event.preventDefault();
    if (token.trim()) signIn(token);
  };
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
          aria-invalid={Boolean(refused)}
          aria-describedby="admin-token-hint"
          required
        />
        <span id="admin-token-hint" className="field-hint">
          What the server was given as LLMLEARN_ADMIN_TOKEN. It stays in this tab and is forgotten
          when you close it.
        </span>
      </div>
      {refused && (
        <p className="field-error" role="alert">
          {waits ? WAITS : REFUSED[refused]}
        </p>
      )}
      <button type="submit" className="button primary">
        Sign in
      </button>
    </form>
  );
}
