import { useId, useRef, useState } from 'react';
import { clock, count, percent } from '../format.js';
import { useFeedback } from '../useFeedback.js';
import { Ago } from './Ago.jsx';
import { FeedbackDetails } from './FeedbackDetails.jsx';
import { Icon } from './Icon.jsx';
import { SignalBadge } from './SignalBadge.jsx';
import './ExplanationCard.css';

/**
 * One explanation and what this reader says of it: thumbs, then stars and a comment if
 * they like. The text is there first and nothing that happens to the vote touches it.
 *
 * @param {{explanation?: Explanation, loading?: boolean, loadingText?: string,
 *   onChange?: (mine: object|null) => void}} props
 *   loading: a placeholder, while there is no explanation yet; loadingText: said meanwhile;
 *   onChange: called with the vote once the server has it, null when it was withdrawn
 *
 * @typedef {{id: string, ticker: string, signal: string, text: string, created_at: string,
 *   feedback_token: string, mine: {helpful: boolean, rating: number|null, comment: string|null}|null,
 *   positive?: number, negative?: number, version?: string, confidence?: number|null,
 *   fallback?: boolean}} Explanation as GET /api/explanations gives it
 */
export function ExplanationCard({ explanation, loading = false, loadingText, onChange }) {
  if (loading || !explanation) return <LoadingCard text={loadingText} />;
  const { id, ticker, signal, text } = explanation;
  return (
    <article className="explanation-card panel" aria-labelledby={`title-${id}`}>
      <header className="explanation-head">
        <h2 id={`title-${id}`}>
          {ticker} <SignalBadge signal={signal} />
        </h2>
        <Facts explanation={explanation} />
      </header>
      <p className="explanation-text" dir="auto">
        {text}
      </p>
      <Feedback explanation={explanation} onChange={onChange} />
    </article>
  );
}

function LoadingCard({ text = 'Loading the explanation' }) {
  return (
    <article className="explanation-card panel loading" aria-busy="true">
      <p role="status" className="muted">
        {text}
      </p>
      {[92, 100, 64].map((width) => (
        <span key={width} className="skeleton-line" style={{ width: `${width}%` }} />
      ))}
    </article>
  );
}

function Facts({ explanation }) {
  const { confidence, fallback, version, created_at: at } = explanation;
  return (
    <p className="explanation-facts">
      {fallback && (
        <span className="badge" title="The model did not answer in time; this text was prepared.">
          Prepared text
        </span>
      )}
      {typeof confidence === 'number' && <span>{percent(confidence, 0)} confident</span>}
      {version && <span title="The prompt that it was written with">{version}</span>}
      <Ago at={at} />
    </p>
  );
}

function Feedback({ explanation, onChange }) {
  const feedback = useFeedback(explanation, onChange);
  const [details, setDetails] = useState(UNOPENED);
  const thumbUp = useRef(null);
  const opener = useRef(null);
  const form = useRef(null);
  const detailsId = useId();
  const { mine, refused, phase, submit } = feedback;
  const vote = mine ?? refused; // a comment can be typed on while the vote waits to be sent again

  // A thumb that is pressed already takes the vote back, as any toggle does.
  const press = (helpful) => submit(mine?.helpful === helpful ? null : { ...pick(mine), helpful });
  const undo = () => {
    setDetails(UNOPENED);
    thumbUp.current?.focus(); // the button that had the focus goes away
    submit(null);
  };
  const sendDetails = async (typed) => {
    if (!(await submit({ helpful: vote.helpful, ...typed }))) return;
    if (form.current.contains(document.activeElement)) opener.current?.focus(); // as above
    setDetails(UNOPENED);
  };

  return (
    <footer className="explanation-feedback">
      <div className="explanation-votes" role="group" aria-label="Was this helpful?">
        <Thumb up pressed={mine?.helpful === true} onPress={press} ref={thumbUp} />
        <Thumb pressed={mine?.helpful === false} onPress={press} />
        {vote && (
          <button
            ref={opener}
            type="button"
            className="button quiet"
            aria-expanded={details.open}
            aria-controls={detailsId}
            onClick={() => setDetails({ begun: true, open: !details.open })}
          >
            {mine?.rating || mine?.comment ? 'Edit your comment' : 'Add stars or a comment'}
            <Icon name="chevron" className={details.open ? 'turned' : ''} />
          </button>
        )}
        <Status phase={phase} mine={mine} explanation={explanation} onUndo={undo} />
      </div>
      <Failure feedback={feedback} />
      <div id={detailsId} ref={form} hidden={!details.open || !vote}>
        {details.begun && (
          <FeedbackDetails
            mine={vote ?? NO_VOTE}
            sending={phase === 'sending'}
            onSend={sendDetails}
          />
        )}
      </div>
    </footer>
  );
}

// Folded away is not unsaid: from when it was begun until it was sent what is typed stays.
const UNOPENED = { begun: false, open: false };
const NO_VOTE = { rating: null, comment: null };

const pick = (mine) =>
  Object.fromEntries(
    ['rating', 'comment'].filter((key) => mine?.[key]).map((key) => [key, mine[key]]),
  );

function Thumb({ up = false, pressed, onPress, ref }) {
  return (
    <button
      ref={ref}
      type="button"
      className="button thumb"
      aria-pressed={pressed}
      onClick={({ detail }) => detail < 2 && onPress(up)} // a double click is one press
    >
      <Icon name={up ? 'up' : 'down'} />
      {up ? 'Helpful' : 'Not helpful'}
    </button>
  );
}

const SAID = { sending: 'Sending …', thanks: 'Thanks for your feedback.' };

function Status({ phase, mine, explanation, onUndo }) {
  const said = phase === 'withdrawn' ? 'Your feedback was withdrawn.' : SAID[phase];
  return (
    <div className="explanation-status">
      <span role="status">{said ?? (mine ? readers(explanation, mine) : '')}</span>
      {mine && phase !== 'sending' && (
        <button type="button" className="button quiet" onClick={onUndo}>
          Undo<span className="visually-hidden"> your feedback</span>
        </button>
      )}
    </div>
  );
}

/**
 * What readers said is told only to those who have voted: it must not sway a vote. The counts are
 * as old as the list, so this reader's vote is taken out of them as it was, and put in as it is.
 */
function readers({ positive = 0, negative = 0, mine: before }, mine) {
  const all = positive + negative + (before ? 0 : 1);
  const helpful = positive - (before?.helpful ? 1 : 0) + (mine.helpful ? 1 : 0);
  return all > 1 ? `${count(helpful)} of ${count(all)} readers found this helpful.` : '';
}

function Failure({ feedback: { phase, error, retry } }) {
  if (phase !== 'failed') return null;
  return (
    <div className="notice bad" role="alert">
      <div>
        <strong>Your feedback was not saved</strong>
        {reason(error)}
      </div>
      <button type="button" className="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

function reason(error) {
  if (error.status !== 429 || error.retryAfterS === null) return error.message;
  const again = clock(Date.now() + error.retryAfterS * 1000).slice(0, 5);
  return `You have voted often in the last hour. You can vote again at ${again}.`;
}
