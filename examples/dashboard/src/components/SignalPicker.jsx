import { useEffect, useRef } from 'react';
import { championOf, draftsOf, viewOf } from '../experiment/view.js';
import { WordBadge } from './WordBadge.jsx';
import './SignalPicker.css';

const STATES = {
  running: { word: 'Running', tone: 'accent' },
  decided: { word: 'Decided' },
  stopped: { word: 'Stopped' },
  none: { word: 'No test' },
};

/** The newest test of a signal speaks for it; what waits for somebody is said first. */
function stateOf([newest], decisions) {
  if (!newest) return STATES.none;
  const view = viewOf(newest, decisions);
  if (view.phase === 'invalid') return { word: 'Invalid', tone: 'bad', icon: 'warning' };
  if (view.waits)
    return { word: 'Waits', tone: 'warn', icon: 'clock', title: 'A winner waits for you' };
  return STATES[newest.status] ?? { word: newest.status };
}

function Signal({ signal, report, variants, decisions, selected, onSelect }) {
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
        <WordBadge
          {...stateOf(
            tests,
            decisions.filter((one) => one.signal === signal),
          )}
        />
      </span>
      <span className="signal-beneath">
        <span>{champion ? `serves ${champion.version}` : 'no champion yet'}</span>
        {drafts > 0 && <em>{drafts === 1 ? '1 draft' : `${drafts} drafts`}</em>}
      </span>
    </button>
  );
}

const ROOM_PX = 16; // so that its neighbour peeps in

/** Scrolls the box, and nothing around it, until a child of it is to be seen. */
function show(box, child) {
  if (!child) return;
  const [outer, inner] = [box.getBoundingClientRect(), child.getBoundingClientRect()];
  const off = (from, to, low, high) =>
    from < low ? from - low - ROOM_PX : to > high ? to - high + ROOM_PX : 0;
  box.scrollLeft += off(inner.left, inner.right, outer.left, outer.right);
  box.scrollTop += off(inner.top, inner.bottom, outer.top, outer.bottom);
}

/**
 * The signals, each with its champion and how things are: one of them is looked at.
 *
 * @param {{signals: string[], report: object, variants: object[], decisions: object[],
 *   value: string, onChange: (signal: string) => void}} props
 *   report: of llmlearn_ab_tests; variants, decisions: of all signals
 */
export function SignalPicker({ signals, report, variants, decisions, value, onChange }) {
  const box = useRef(null);
  useEffect(() => show(box.current, box.current.querySelector('[aria-pressed="true"]')), [value]);
  return (
    <div className="signals" role="group" aria-label="Signal" ref={box}>
      {signals.map((signal) => (
        <Signal
          key={signal}
          signal={signal}
          report={report}
          variants={variants}
          decisions={decisions}
          selected={signal === value}
          onSelect={onChange}
        />
      ))}
    </div>
  );
}
