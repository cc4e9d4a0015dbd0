import { compact, count, fixed, interval, money, percent, points } from '../format.js';
import { chance, confidence, eValue, odds, pointsInterval, pValue } from '../experiment/numbers.js';
import {
  armWord,
  bestIsKnown,
  hasEnough,
  isOff,
  isOver,
  known,
  standingOf,
  votesMissing,
} from '../experiment/view.js';
import { GUARDRAILS, GUARDRAIL_STATES } from '../experiment/words.js';
import { axisOf, IntervalAxis, IntervalPlot, IntervalZero } from './IntervalPlot.jsx';
import { ShareBar } from './ShareBar.jsx';
import { WordBadge } from './WordBadge.jsx';
import './VariantTable.css';

const EVIDENCE_HEADS = {
  classic: 'p',
  group_sequential: 'z, of needed',
  always_valid: 'Evidence, of needed',
};

/** A cell that keeps its meaning and its heading where rows are shown as cards. */
function Cell({ head, className = '', children }) {
  return (
    <td className={className} data-head={head}>
      <div>{children}</div>
    </td>
  );
}

function Variant({ view, arm, action }) {
  return (
    <th scope="row" className="name">
      <div className="variant-name">
        <b>{arm.version}</b> <WordBadge {...armWord(view, arm)} />
      </div>
      {arm.hypothesis && <small className="variant-hypothesis">{arm.hypothesis}</small>}
      {action?.(arm)}
    </th>
  );
}

function Rate({ arm }) {
  if (!known(arm.positive_rate)) return <span className="in-words">no votes yet</span>;
  return (
    <>
      <b>{percent(arm.positive_rate)}</b>
      <small>
        {count(arm.positive)} of {count(arm.first_votes)}
      </small>
      <small title="Wilson’s interval, 95 %">{interval(arm.positive_rate_interval)}</small>
    </>
  );
}

/** Coloured only where the interval leaves zero out, and numbers mean something. */
function toneOf(view, arm) {
  if (!hasEnough(view, arm) || isOff(arm)) return 'weak';
  const [low, high] = arm.difference_interval ?? [-1, 1];
  if (low > 0) return 'good';
  return high < 0 ? 'bad' : '';
}

function Difference({ view, arm, axis }) {
  const { lift_min: liftMin } = view.test;
  if (arm.champion) return <IntervalZero axis={axis} version={arm.version} liftMin={liftMin} />;
  return (
    <div className="variant-difference">
      <IntervalPlot
        axis={axis}
        version={arm.version}
        champion={view.champion.version}
        value={arm.difference ?? null}
        bounds={arm.difference_interval ?? null}
        liftMin={liftMin}
        confidence={view.evidence?.difference_confidence}
        tone={toneOf(view, arm)}
      />
      <span>
        {known(arm.difference) ? (
          <>
            <b>{points(arm.difference)}</b>
            <small>{pointsInterval(arm.difference_interval)}</small>
          </>
        ) : (
          <span className="in-words">no difference known</span>
        )}
      </span>
    </div>
  );
}

function Evidence({ view, arm }) {
  if (arm.champion) return null;
  if (!hasEnough(view, arm)) return <Missing view={view} arm={arm} />;
  const { kind, at, needed, now, share } = standingOf(view, arm);
  if (!known(at))
    return (
      <span className="in-words">
        {isOver(view) ? 'no whole week' : 'from the end of the first week'}
      </span>
    );
  if (kind === 'e')
    return (
      <>
        <b>{odds(at)}</b>
        <small>of {odds(needed)}</small>
        <ShareBar share={share} />
        {known(now) && now !== at && <small>{eValue(now)} with this week</small>}
      </>
    );
  if (kind === 'z')
    return (
      <>
        <b>{fixed(at, 2)}</b>
        <small>{known(needed) ? `of ${fixed(needed, 2)}` : 'far from any bound'}</small>
        <ShareBar share={share} />
        <small>by last week’s end</small>
      </>
    );
  return (
    <>
      <b>{pValue(arm.p_champion)}</b>
      <small>{pValue(at)} with Holm’s correction</small>
    </>
  );
}

function Missing({ view, arm }) {
  const missing = votesMissing(view, arm);
  if (missing === 0 || !view.evidence) return <span className="in-words">nothing was kept</span>;
  return (
    <span className="in-words">
      {isOver(view) ? 'too few votes' : `needs ${count(missing)} more first votes`}
    </span>
  );
}

function Best({ view, arm }) {
  const enough = arm.champion
    ? view.variants.some((one) => hasEnough(view, one))
    : hasEnough(view, arm);
  if (!enough || !known(arm.best_ratio))
    return <span className="in-words">{view.evidence ? 'too few votes' : 'nothing was kept'}</span>;
  if (!bestIsKnown(view))
    return (
      <span className="in-words">
        {isOver(view) ? 'not known: an arm has too few votes' : 'not before all arms have votes'}
      </span>
    );
  return (
    <>
      <b>{chance(arm.best_ratio)}</b>
      <small title="What choosing it is expected to cost against the best, in points">
        loss {fixed(arm.expected_loss * 100, 2)} pts
      </small>
    </>
  );
}

function Rating({ arm }) {
  if (!arm.rating_count) return <span className="in-words">no stars</span>;
  return (
    <>
      <b>{fixed(arm.average_rating, 2)}</b>
      <small>{compact(arm.rating_count)} rated</small>
    </>
  );
}

/** Of a thousand explanations: one costs too little to be read. */
function Cost({ arm }) {
  const mean = arm.cost_nanousd_mean ?? (arm.cost_known ? arm.cost_nanousd / arm.cost_known : null);
  if (!known(mean)) return <span className="in-words">unknown</span>;
  return (
    <>
      <b>{money(mean * 1000)}</b>
      <small>per 1,000</small>
    </>
  );
}

/** Which guardrails do not hold, in words; the numbers are in GuardrailList. */
function Guardrails({ arm }) {
  if (!arm.guardrails) return arm.champion ? null : <span className="in-words">not known</span>;
  const named = (state) =>
    GUARDRAILS.filter(({ key }) => arm.guardrails[key] === state).map(({ name }) =>
      name.toLowerCase(),
    );
  const failed = named('fail');
  const waiting = named('unknown');
  if (failed.length)
    return <WordBadge word={`Worse: ${failed.join(', ')}`} tone="bad" icon="cross" />;
  if (waiting.length === GUARDRAILS.length)
    return <WordBadge {...GUARDRAIL_STATES.unknown} tone="" />;
  const all = GUARDRAILS.length;
  const held = all - waiting.length;
  return (
    <>
      <WordBadge word={held === all ? 'Hold' : `${held} of ${all} hold`} tone="good" icon="check" />
      {waiting.length > 0 && <small>not known: {waiting.join(', ')}</small>}
    </>
  );
}

function Row({ view, arm, axis, action }) {
  return (
    <tr className={isOff(arm) ? 'variant-off' : ''}>
      <Variant view={view} arm={arm} action={action} />
      <Cell head="Helpful" className="number">
        <Rate arm={arm} />
      </Cell>
      <Cell head={`Against ${view.champion.version}`} className="variant-plot">
        <Difference view={view} arm={arm} axis={axis} />
      </Cell>
      <Cell head={EVIDENCE_HEADS[view.test.rule]} className="number">
        <Evidence view={view} arm={arm} />
      </Cell>
      <Cell head="Chance best" className="number">
        <Best view={view} arm={arm} />
      </Cell>
      <Cell head="Stars" className="number">
        <Rating arm={arm} />
      </Cell>
      <Cell head="Cost" className="number">
        <Cost arm={arm} />
      </Cell>
      <Cell head="Guardrails">
        <Guardrails arm={arm} />
      </Cell>
    </tr>
  );
}

function Head({ view, axis }) {
  const head = (text, className = '') => (
    <th scope="col" className={className}>
      {text}
    </th>
  );
  return (
    <thead>
      <tr>
        {head('Variant')}
        {head('Helpful', 'number')}
        <th scope="col" className="variant-plot">
          <span className="variant-axis">
            <IntervalAxis axis={axis} liftMin={view.test.lift_min} />
            <span>Points against {view.champion.version}</span>
          </span>
        </th>
        {head(EVIDENCE_HEADS[view.test.rule], 'number')}
        {head('Chance best', 'number')}
        {head('Stars', 'number')}
        {head('Cost', 'number')}
        {head('Guardrails')}
      </tr>
    </thead>
  );
}

/** What the numbers are worth, and by which method they were made. */
function Notes({ view }) {
  const { evidence, test } = view;
  if (!evidence) return <p>Of a test that was stopped, counts are kept, but no evidence.</p>;
  const all = confidence(1 - test.alpha);
  return (
    <>
      {evidence.fixed_sample_label && (
        <p>
          Intervals and p-values hold <b>{evidence.fixed_sample_label}</b>; they do not decide this
          test.
        </p>
      )}
      <p>
        Each interval has {confidence(evidence.difference_confidence)}
        {view.variants.length > 1 &&
          `, so that all ${view.variants.length} hold at once with ${all}`}
        . Rates count the first vote of each reader. “Chance best” is by Bayes, from a uniform
        prior: evidence, not a rule.
      </p>
    </>
  );
}

/**
 * A row for each arm: votes, the difference on a shared axis, what the rule decides by, stars,
 * cost, guardrails, and a word. Where votes are too few it says so in place of a number.
 *
 * @param {{view: ReturnType<typeof import('../experiment/view.js').viewOf>,
 *   action?: (arm: object) => import('react').ReactNode}} props
 *   action: what stands beneath an arm's name
 */
export function VariantTable({ view, action }) {
  const { test, variants, champion } = view;
  const axis = axisOf(
    variants.map((arm) => arm.difference_interval ?? null),
    test.lift_min,
  );
  const rows = [champion, ...variants];
  return (
    <>
      <div
        className="table-box variant-box"
        tabIndex={0}
        role="region"
        aria-label="Arms of the test"
      >
        <table className="table variant-table">
          <caption className="visually-hidden">
            Arms of test {test.test_id} for {test.signal}
          </caption>
          <Head view={view} axis={axis} />
          <tbody>
            {rows.map((arm) => (
              <Row key={arm.version} view={view} arm={arm} axis={axis} action={action} />
            ))}
          </tbody>
        </table>
      </div>
      <div className="variant-notes">
        <Notes view={view} />
      </div>
    </>
  );
}
