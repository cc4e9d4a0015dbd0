import { useState } from 'react';
import { dateTime } from '../format.js';
import { sentence } from '../experiment/numbers.js';
import {
  advisoryWords,
  blockerWords,
  DECISION_KINDS,
  STATUS_WORDS,
  VERDICTS,
} from '../experiment/words.js';
import { Icon } from './Icon.jsx';
import { WordBadge } from './WordBadge.jsx';
import './DecisionHistory.css';

/** "v1.0 → v1.1", or what was taken out of use. */
function Change({ decision: { from, to, archived } }) {
  if (to) return `${from ?? 'none'} → ${to}`;
  return archived ?? '–';
}

/** What a decision says in a line. */
function summary({ kind, reason, receipt }) {
  if (kind === 'verdict' && receipt)
    return `${VERDICTS[receipt.verdict] ?? receipt.verdict}: ${STATUS_WORDS[receipt.status] ?? receipt.status}`;
  if (kind === 'start') return receipt?.sentence ? sentence(receipt.sentence) : '';
  return reason ?? '';
}

function Override({ receipt }) {
  if (!receipt.override) return null;
  const against = receipt.blockers.map((one) => blockerWords(one).title);
  return (
    <p>
      It went against test {receipt.test_id}, which said “
      {VERDICTS[receipt.verdict] ?? receipt.verdict}” (
      {STATUS_WORDS[receipt.status] ?? receipt.status}).
      {against.length > 0 && ` ${against.join('. ')}.`}
    </p>
  );
}

function Receipt({ decision }) {
  const { receipt, kind, reason } = decision;
  return (
    <div className="receipt">
      {receipt.sentence && <p>{sentence(receipt.sentence)}</p>}
      {kind !== 'verdict' && reason && <p>{reason}</p>}
      <Override receipt={receipt} />
      {kind === 'verdict' && (
        <p className="muted">
          {[...receipt.blockers.map(blockerWords), ...receipt.advisories.map(advisoryWords)]
            .map((one) => one.title)
            .join('. ') || 'Nothing spoke against the data.'}
        </p>
      )}
      <details>
        <summary>All of the evidence</summary>
        <pre tabIndex={0} role="region" aria-label={`Evidence of decision ${decision.decision_id}`}>
          {JSON.stringify(receipt, null, 2)}
        </pre>
      </details>
    </div>
  );
}

function Row({ decision }) {
  const [open, setOpen] = useState(false);
  const kind = DECISION_KINDS[decision.kind] ?? { word: decision.kind, tone: '' };
  const rowId = `decision-${decision.decision_id}`;
  return (
    <>
      <tr>
        <td>
          <time dateTime={decision.at}>{dateTime(decision.at)}</time>
        </td>
        <td>
          <WordBadge word={kind.word} tone={kind.tone} />
          {decision.receipt?.override && <WordBadge word="against the test" tone="warn" />}
        </td>
        <td className={decision.to || decision.archived ? 'history-change' : 'history-nothing'}>
          <Change decision={decision} />
        </td>
        <td className="history-who" dir="auto">
          {decision.actor}
        </td>
        <td className="history-why" dir="auto">
          {summary(decision)}
        </td>
        <td>
          {decision.receipt && (
            <button
              type="button"
              className="button quiet"
              aria-expanded={open}
              aria-controls={open ? rowId : undefined}
              onClick={() => setOpen(!open)}
            >
              Evidence
              <Icon name="chevron" className={open ? 'turned' : ''} />
              <span className="visually-hidden"> of decision {decision.decision_id}</span>
            </button>
          )}
        </td>
      </tr>
      {open && (
        <tr id={rowId}>
          <td colSpan={6}>
            <Receipt decision={decision} />
          </td>
        </tr>
      )}
    </>
  );
}

/**
 * Every decision, newest first: when, what, from which champion to which, who, why, and the
 * evidence it was made of.
 *
 * @param {{decisions: object[]}} props as llmlearn_decisions lists them
 */
export function DecisionHistory({ decisions }) {
  if (!decisions.length) return <p className="muted">Nothing was decided yet.</p>;
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label="History of decisions">
      <table className="table history">
        <caption className="visually-hidden">History of decisions, newest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Champion</th>
            <th scope="col">Who</th>
            <th scope="col">Why</th>
            <th scope="col">
              <span className="visually-hidden">Evidence</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {decisions.map((decision) => (
            <Row key={decision.decision_id} decision={decision} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
