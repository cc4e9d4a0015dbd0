import { dateTime } from '../format.js';
import { figuresOf } from '../experiment/figures.js';
import { headlineOf } from '../experiment/verdict.js';
import { RULES, ruleName } from '../experiment/words.js';
import { Icon } from './Icon.jsx';
import { ShareBar } from './ShareBar.jsx';
import './VerdictPanel.css';

/** "BUY: v1.1 against g1.1 and g1.2" */
export function testName({ signal, champion, arms }) {
  const others = arms.map((arm) => arm.version).filter((version) => version !== champion);
  const many = others.length > 4;
  const shown = many ? others.slice(0, 3) : others;
  const list = many
    ? `${shown.join(', ')} and ${others.length - 3} more`
    : shown.join(', ').replace(/, ([^,]*)$/, ' and $1');
  return `${signal}: ${champion} against ${list}`;
}

function days(test) {
  const whole = Math.floor(test.days_running);
  return `${whole} ${whole === 1 ? 'day' : 'days'}`;
}

function Facts({ test }) {
  return (
    <p className="verdict-facts">
      Test {test.test_id} · started {dateTime(test.started_at)} by {test.actor} ·{' '}
      {test.ended_at
        ? `ended ${dateTime(test.ended_at)} after ${days(test)}`
        : `running for ${days(test)}`}{' '}
      ·{' '}
      <span title={RULES[test.rule]?.choose}>
        {ruleName(test.rule)}: {RULES[test.rule]?.gist}
      </span>
    </p>
  );
}

function Figures({ view }) {
  return (
    <dl className="verdict-figures">
      {figuresOf(view).map(({ label, value, beneath, share }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <b>{value}</b>
            <small>{beneath}</small>
            <ShareBar share={share} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/**
 * What is tested, who leads, how sure that is and what to do, in that order.
 *
 * @param {{view: ReturnType<typeof import('../experiment/view.js').viewOf>,
 *   children?: import('react').ReactNode}} props
 *   children: the buttons
 */
export function VerdictPanel({ view, children }) {
  const { tone, pill, title, sure, todo } = headlineOf(view);
  return (
    <section className={`panel verdict ${tone}`} aria-label="Verdict">
      <div className="verdict-name">
        <span className={`badge ${pill === 'Running' ? 'accent' : ''}`}>
          {pill === 'Running' && <i className="verdict-pulse" aria-hidden="true" />}
          {pill}
        </span>
        <h2>{testName(view.test)}</h2>
      </div>
      <div className="verdict-halves">
        <div className="verdict-words">
          <p className="verdict-title">{title}</p>
          <p className="verdict-sure">{sure}</p>
          {todo && (
            <p className="verdict-todo">
              <Icon name="info" />
              <span>
                <span className="visually-hidden">What to do: </span>
                {todo}
              </span>
            </p>
          )}
          {children && <div className="toolbar verdict-actions">{children}</div>}
        </div>
        <Figures view={view} />
      </div>
      <Facts test={view.test} />
    </section>
  );
}
