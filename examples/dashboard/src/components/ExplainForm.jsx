import { useId, useState } from 'react';
import { explain } from '../api.js';
import { ErrorNotice } from './ErrorNotice.jsx';
import { Icon } from './Icon.jsx';
import { Segmented } from './Segmented.jsx';
import './ExplainForm.css';

const SIGNALS = ['BUY', 'SELL', 'HOLD'].map((name) => ({ value: name, label: name }));

/** What POST /api/explanations answers, as the list has it. */
const asListed = (answer) => ({
  ...answer,
  fallback: answer.source === 'baseline' || answer.source === 'template',
  positive: 0,
  negative: 0,
  mine: null,
});

/**
 * Has a signal explained by the server.
 *
 * @param {{onMade: (explanation: object) => void}} props
 */
export function ExplainForm({ onMade }) {
  const [open, setOpen] = useState(false); // where the window is narrow; else it always is
  const [form, setForm] = useState({ ticker: '', signal: 'BUY', confidence: '' });
  const [state, setState] = useState({ waiting: false, error: null });
  const id = useId();
  const change = (name) => (value) => setForm((before) => ({ ...before, [name]: value }));

  const submit = async (event) => {
    event.preventDefault();
    if (state.waiting) return;
    setState({ waiting: true, error: null });
    try {
      const { ticker, signal, confidence } = form;
      const given = confidence === '' ? {} : { confidence: Number(confidence) / 100 };
      onMade(asListed(await explain({ ticker: ticker.trim(), signal, ...given })));
      setState({ waiting: false, error: null });
      change('ticker')('');
    } catch (error) {
      setState({ waiting: false, error });
    }
  };

  return (
    <section className="explain-form panel" data-open={open}>
      <Title open={open} controls={id} onClick={() => setOpen(!open)} />
      <form id={id} onSubmit={submit}>
        <Field
          label="Ticker"
          value={form.ticker}
          onChange={change('ticker')}
          error={state.error?.field?.('ticker')}
          required
          maxLength={128}
          spellCheck={false}
          placeholder="AAPL"
        />
        <div className="field">
          <span className="label">Signal</span>
          <Segmented
            label="Signal to explain"
            value={form.signal}
            onChange={change('signal')}
            options={SIGNALS}
          />
        </div>
        <Field
          label="Confidence, %"
          value={form.confidence}
          onChange={change('confidence')}
          error={state.error?.field?.('confidence')}
          type="number"
          min="0"
          max="100"
          placeholder="optional"
        />
        <button type="submit" className="button primary" aria-disabled={state.waiting}>
          {state.waiting ? 'Writing …' : 'Explain'}
        </button>
        <p role="status" className="field-hint">
          {state.waiting ? 'The model is writing. This may take a few seconds.' : ''}
        </p>
        {state.error && <ErrorNotice error={state.error} />}
      </form>
    </section>
  );
}

/** A button that opens the form where the window is narrow; else a plain title. */
function Title({ open, controls, onClick }) {
  const name = 'Explain a signal';
  return (
    <h2>
      <button
        type="button"
        className="button quiet"
        aria-expanded={open}
        aria-controls={controls}
        onClick={onClick}
      >
        {name}
        <Icon name="chevron" />
      </button>
      <span>{name}</span>
    </h2>
  );
}

function Field({ label, error, onChange, ...input }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        aria-invalid={Boolean(error)}
        aria-describedby={error ? `${id}-error` : undefined}
        onChange={(event) => onChange(event.target.value)}
        {...input}
      />
      {error && (
        <span id={`${id}-error`} className="field-error">
          {error}
        </span>
      )}
    </div>
  );
}
