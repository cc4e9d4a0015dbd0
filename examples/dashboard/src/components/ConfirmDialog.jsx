import { useEffect, useId, useRef, useState } from 'react';
import { ErrorNotice } from './ErrorNotice.jsx';
import './ConfirmDialog.css';

const ACTOR_KEY = 'llmlearn-actor'; // in this tab, so that nobody types their name five times
const ACTOR_BYTES_MAX = 256;
const REASON_BYTES_MAX = 1000;
const BOTH = ['actor', 'reason'];

function rememberedActor() {
  try {
    return sessionStorage.getItem(ACTOR_KEY) ?? '';
  } catch {
    return ''; // storage may be forbidden
  }
}

function rememberActor(actor) {
  try {
    sessionStorage.setItem(ACTOR_KEY, actor);
  } catch {
    /* as above */
  }
}

const bytes = (text) => new TextEncoder().encode(text).length;

function mistakeIn(text, what, most) {
  if (!text.trim()) return `Please say ${what}.`;
  const over = bytes(text.trim()) - most;
  return over > 0 ? `Too long by ${over} bytes.` : null;
}

const MISTAKES = {
  actor: (text) => mistakeIn(text, 'who you are', ACTOR_BYTES_MAX),
  reason: (text) => mistakeIn(text, 'why', REASON_BYTES_MAX),
};

/** Of what is asked for: the mistakes by field, or null. */
function mistakesIn(values, asks) {
  const found = Object.fromEntries(asks.map((name) => [name, MISTAKES[name](values[name])]));
  return Object.values(found).some(Boolean) ? found : null;
}

function Field({ label, hint, mistake, children }) {
  const id = useId();
  const notes = [hint && `${id}-hint`, mistake && `${id}-mistake`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-invalid': Boolean(mistake), 'aria-describedby': notes || undefined })}
      {hint && (
        <span id={`${id}-hint`} className="field-hint">
          {hint}
        </span>
      )}
      {mistake && (
        <span id={`${id}-mistake`} className="field-error">
          {mistake}
        </span>
      )}
    </div>
  );
}

/**
 * Opens as a modal dialog and gives the focus back when it is gone. While it is busy it stays:
 * browsers let a second Escape close what refused the first, and the outcome would be unseen.
 */
function useModal(busy, onClose) {
  const dialog = useRef(null);
  const before = useRef(null);
  useEffect(() => {
    const element = dialog.current;
    before.current ??= document.activeElement;
    element.showModal();
    return () => {
      element.close();
      before.current.focus();
    };
  }, []);
  const onClosed = () => {
    const element = dialog.current; // null: its page is hidden, and it will open again with it
    if (!element || element.open) return;
    if (busy) element.showModal();
    else onClose();
  };
  return { ref: dialog, onClose: onClosed };
}

/** Where no answer came, the server may have done it all the same. */
const failure = ({ status }) =>
  status === 0
    ? 'Perhaps it worked, perhaps not: look before you try again'
    : 'It did not work; nothing was lost';

function useConfirm({ onConfirm, onClose, asks }) {
  const [values, setValues] = useState(() => ({ actor: rememberedActor(), reason: '' }));
  const [state, setState] = useState({ busy: false, mistakes: {}, error: null });

  const submit = async (event) => {
    event.preventDefault();
    if (state.busy) return;
    const mistakes = mistakesIn(values, asks);
    if (mistakes) {
      setState({ busy: false, mistakes, error: null });
      return;
    }
    setState({ busy: true, mistakes: {}, error: null });
    const said = Object.fromEntries(asks.map((name) => [name, values[name].trim()]));
    try {
      await onConfirm(said);
      if (said.actor) rememberActor(said.actor);
      onClose();
    } catch (error) {
      const field = (name) => error.field?.(name) ?? null;
      setState({
        busy: false,
        mistakes: { actor: field('actor'), reason: field('reason') },
        error,
      });
    }
  };
  const set = (name) => (event) => setValues({ ...values, [name]: event.target.value });
  return { values, set, state, submit };
}

/** Who says so, and why. */
function Said({ asks, values, set, mistakes }) {
  return (
    <>
      {asks.includes('actor') && (
        <Field label="Your name" hint="Kept in the history for good." mistake={mistakes.actor}>
          {(field) => (
            <input
              {...field}
              className="input"
              value={values.actor}
              onChange={set('actor')}
              autoComplete="username"
              required
            />
          )}
        </Field>
      )}
      {asks.includes('reason') && (
        <Field
          label="Reason"
          hint="Why, for whoever reads the history later."
          mistake={mistakes.reason}
        >
          {(field) => (
            <textarea
              {...field}
              className="input"
              value={values.reason}
              onChange={set('reason')}
              required
            />
          )}
        </Field>
      )}
    </>
  );
}

/**
 * Asks whether something is really meant, who says so and why; both are kept for good. It stays
 * open, with what was typed, until it has worked or was given up.
 *
 * @param {{title: string, confirm: string, danger?: boolean,
 *   asks?: ("actor"|"reason")[],
 *   children?: import('react').ReactNode, extra?: import('react').ReactNode,
 *   onConfirm: (said: {actor: string, reason?: string}) => Promise<unknown>,
 *   onClose: () => void}} props
 *   confirm: what the button says; children: what will happen; extra: more to choose, above the
 *   button; onConfirm: throws what went wrong
 */
export function ConfirmDialog(props) {
  const {
    title,
    confirm,
    danger = false,
    asks = BOTH,
    children,
    extra,
    onConfirm,
    onClose,
  } = props;
  const headingId = useId();
  const { values, set, state, submit } = useConfirm({ onConfirm, onClose, asks });
  const modal = useModal(state.busy, onClose);
  useEffect(() => {
    modal.ref.current.querySelector('[aria-invalid="true"]')?.focus(); // to be mended first
  }, [modal.ref, state.mistakes]);
  const cancel = (event) => {
    event.preventDefault();
    if (!state.busy) onClose();
  };
  return (
    <dialog {...modal} className="confirm" aria-labelledby={headingId} onCancel={cancel}>
      <form onSubmit={submit} noValidate>
        <h2 id={headingId}>{title}</h2>
        {children}
        <Said asks={asks} values={values} set={set} mistakes={state.mistakes} />
        {extra}
        {state.error && <ErrorNotice title={failure(state.error)} error={state.error} />}
        <div className="confirm-end">
          <button type="button" className="button" onClick={onClose} disabled={state.busy}>
            Cancel
          </button>
          <button
            type="submit"
            className={`button ${danger ? 'danger' : 'primary'}`}
            aria-busy={state.busy}
          >
            {state.busy ? 'One moment…' : confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
