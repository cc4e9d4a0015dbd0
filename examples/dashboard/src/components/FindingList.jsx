import { advisoryWords, blockerWords } from '../experiment/words.js';
import { promotionOf } from '../experiment/verdict.js';
import { Icon } from './Icon.jsx';
import './FindingList.css';

function Finding({ words, tone, icon }) {
  return (
    <li className={`finding ${tone}`}>
      <Icon name={icon} />
      <div>
        <h3>{words.title}</h3>
        <p>{words.means}</p>
        {words.todo && <p className="finding-todo">{words.todo}</p>}
      </div>
    </li>
  );
}

/** May somebody be promoted by this test, and why not? */
function Promotion({ view, serving }) {
  const version = view.verdict?.winner;
  if (!version) {
    return (
      <p className="finding-promotion">
        <b>Promotion by this test: no.</b>{' '}
        {promotionOf(view, view.variants[0]?.version, serving).reasons.join(' ')}
      </p>
    );
  }
  const { state, reasons } = promotionOf(view, version, serving);
  const answer = { deserved: 'yes', override: 'only by a person', champion: 'done' }[state];
  return (
    <p className="finding-promotion">
      <b>
        Promotion of {version}: {answer}.
      </b>{' '}
      {state === 'deserved'
        ? 'It beats the champion, and nothing speaks against it.'
        : reasons.join(' ')}
    </p>
  );
}

/**
 * Blockers and advisories in plain words, each with what to do, and whether the test allows a
 * promotion.
 *
 * @param {{view: ReturnType<typeof import('../experiment/view.js').viewOf>, serving: string|null}} props
 *   serving: the champion of the signal now
 */
export function FindingList({ view, serving }) {
  const { blockers, advisories } = view;
  return (
    <>
      <Promotion view={view} serving={serving} />
      {blockers.length + advisories.length === 0 ? (
        <p className="muted">
          {view.evidence
            ? 'Nothing speaks against the data.'
            : 'No evidence was kept of this test.'}
        </p>
      ) : (
        <ul className="findings">
          {blockers.map((one) => (
            <Finding key={one} words={blockerWords(one)} tone="bad" icon="warning" />
          ))}
          {advisories.map((one) => (
            <Finding key={one} words={advisoryWords(one)} tone="warn" icon="info" />
          ))}
        </ul>
      )}
    </>
  );
}
