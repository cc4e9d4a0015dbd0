import { championOf, draftsOf } from '../experiment/view.js';
import { WordBadge } from './WordBadge.jsx';
import './SignalPicker.css';

const STATES = {
  running: { word: 'Running', tone: 'accent' },
  decided: { word: 'Decided' },
  stopped: { word: 'Stopped' },
  none: { word: 'No test' },
};

/** The newest test of a signal speaks for it; a verdict that waits for somebody is said first. */
function stateOf(tests, verdicts) {
  const [newest] = tests;
  if (!newest) return STATES.none;
  const verdict = verdicts.get(newest.decision_id);
  if (verdict?.verdict === 'invalid') return { word: 'Invalid', tone: 'bad', icon: 'warning' };
  return STATES[newest.status] ?? { word: newest.status };
}

function Signal({ signal, report, variants, verdicts, selected, onSelect }) {
  const tests = report.tests.filter((test) => test.signal === signal);
  const champion = championOf(report, signal);
  const drafts = draftsOf(variants.filter((one) => one.signal === signal)).length;
  return (
    <button
      type="button"
      className="signal"
      aria-pressed={selected}
      onClick={() => onSelect(signal)}
    >
      <span>
        <b>{signal}</b>
        <WordBadge {...stateOf(tests, verdicts)} />
      </span>
      <span className="signal-beneath">
        <span>{champion ? `serves ${champion.version}` : 'no champion yet'}</span>
        {drafts > 0 && <em>{drafts === 1 ? '1 draft' : `${drafts} drafts`}</em>}
      </span>
    </button>
  );
}

/**
 * The signals, each with its champion and how things are: one of them is looked at.
 *
 * @param {{signals: string[], report: object, variants: object[], decisions: object[],
 *   value: string, onChange: (signal: string) => void}} props
 *   report: of llmlearn_ab_tests; variants, decisions: of all signals
 */
export function SignalPicker({ signals, report, variants, decisions, value, onChange }) {
  const verdicts = new Map(
    decisions.filter((one) => one.kind === 'verdict').map((one) => [one.decision_id, one.receipt]),
  );
  return (
    <div className="signals" role="group" aria-label="Signal">
      {signals.map((signal) => (
        <Signal
          key={signal}
          signal={signal}
          report={report}
          variants={variants}
          verdicts={verdicts}
          selected={signal === value}
          onSelect={onChange}
        />
      ))}
    </div>
  );
}
