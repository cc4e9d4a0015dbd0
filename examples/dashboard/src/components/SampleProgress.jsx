import { count, percent, points } from '../format.js';
import { daysInWords, lift, sentence } from '../experiment/numbers.js';
import { isOff, isTooEarly, known, standingOf } from '../experiment/view.js';
import { cannotFinish } from '../experiment/verdict.js';
import { ruleName } from '../experiment/words.js';
import { ShareBar } from './ShareBar.jsx';
import './SampleProgress.css';

const share = (part, whole) => Math.min(1, Math.max(0, part / whole));

/** The arm that has fewest first votes, of those that are on: it sets the pace. */
const slowestOf = (arms) =>
  arms
    .filter((arm) => !isOff(arm))
    .reduce((a, b) => (b.first_votes < a.first_votes ? b : a), arms[0]);

function Meter({ label, text, value, marks = [] }) {
  return (
    <div>
      <div className="progress-head">
        <span>{label}</span>
        <b>{text}</b>
      </div>
      <ShareBar share={value} label={label} text={text} marks={marks} />
    </div>
  );
}

function remaining(view) {
  const { phase, evidence, test, variants } = view;
  if (phase !== 'running') return null;
  if (!isTooEarly(view) && variants.some((arm) => standingOf(view, arm).reached))
    return 'It has what it needs: a look would end it.';
  if (cannotFinish(view) && !known(evidence?.days_left))
    return 'By its plan it cannot finish in time.';
  if (evidence?.cannot_finish)
    return `Cannot finish: it would take ${daysInWords(evidence.days_left)}, and ends after ${test.duration_max_days} days.`;
  if (!known(evidence?.days_left))
    return 'How long it will take is unknown: too few votes came yet.';
  return `Has what it needs in ${daysInWords(evidence.days_left)}, at the traffic of the last days.`;
}

/** What the plan took for granted. */
function Assumptions({ test }) {
  const { plan } = test;
  if (!plan) return <p className="beneath">It was begun before plans were kept.</p>;
  return (
    <details className="progress-plan">
      <summary>What was planned, and by which assumptions</summary>
      <p>{sentence(plan.sentence)}</p>
      <ul>
        <li>
          The champion is found helpful by {percent(plan.champion_rate)}, as in its last 28 days.
        </li>
        <li>
          A lift of {lift(test.lift_min)} is the smallest worth finding; found with a power of 80 %
          at alpha {percent(test.alpha, test.alpha < 0.01 ? 2 : 0)}, rule{' '}
          {ruleName(test.rule).toLowerCase()}.
        </li>
        {known(plan.explanations_per_day) ? (
          <li>
            {count(Math.round(plan.explanations_per_day))} explanations a day,{' '}
            {percent(plan.response_rate)} of them voted on, each taken for a reader of its own.
          </li>
        ) : (
          <li>Nothing was known of the traffic.</li>
        )}
        {known(plan.lift_v_gate) && test.rule === 'classic' && (
          <li>
            Cramér’s V exceeds {test.effect_min} only if one arm is better by{' '}
            {points(plan.lift_v_gate)}.
          </li>
        )}
      </ul>
    </details>
  );
}

/**
 * How many votes a test has of those it needs, how long it has run, and how long it will.
 *
 * @param {{view: ReturnType<typeof import('../experiment/view.js').viewOf>}} props
 */
export function SampleProgress({ view }) {
  const { test, arms, needed } = view;
  const slowest = slowestOf(arms);
  const days = Math.floor(test.days_running * 10) / 10;
  const left = remaining(view);
  return (
    <div className="progress">
      <Meter
        label={`First votes, ${slowest.version} has fewest`}
        text={`${count(slowest.first_votes)} of ${count(needed)}`}
        value={share(slowest.first_votes, needed)}
        marks={
          test.trials_min < needed
            ? [
                {
                  at: test.trials_min / needed,
                  label: `${count(test.trials_min)}: enough to decide`,
                },
              ]
            : []
        }
      />
      <Meter
        label={`Days, at least ${count(test.duration_min_days)}`}
        text={`${days} of at most ${count(test.duration_max_days)}`}
        value={share(test.days_running, test.duration_max_days)}
        marks={[
          {
            at: share(test.duration_min_days, test.duration_max_days),
            label: `Day ${test.duration_min_days}: may be decided from here on`,
          },
        ]}
      />
      {left && <p className={cannotFinish(view) ? 'progress-stuck' : ''}>{left}</p>}
      <Assumptions test={test} />
    </div>
  );
}
