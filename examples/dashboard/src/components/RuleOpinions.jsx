import { opinionsOf } from '../experiment/verdict.js';
import { RULES } from '../experiment/words.js';
import { WordBadge } from './WordBadge.jsx';
import './RuleOpinions.css';

function badgeOf({ meets }) {
  if (meets === null) return { word: 'Says nothing', icon: 'clock' };
  return meets
    ? { word: 'Winner', tone: 'good', icon: 'check' }
    : { word: 'No winner', icon: 'open' };
}

/**
 * What the rule of the test says, and beside it what the others would say of the same votes.
 *
 * @param {{view: ReturnType<typeof import('../experiment/view.js').viewOf>}} props
 */
export function RuleOpinions({ view }) {
  const opinions = opinionsOf(view);
  if (!opinions.length)
    return <p className="muted">No evidence was kept, so no rule can say anything.</p>;
  return (
    <>
      <ul className="opinions">
        {opinions.map((one) => (
          <li key={one.rule} className={one.own ? 'own' : ''}>
            <div className="opinions-head">
              <h3>{one.name}</h3>
              <WordBadge {...badgeOf(one)} />
            </div>
            <small className="beneath">
              {one.own ? 'decides this test' : RULES[one.rule].gist}
            </small>
            <p>{one.says}</p>
          </li>
        ))}
      </ul>
      <p className="beneath opinions-note">
        {view.phase === 'running' && 'As if somebody looked now. '}Only the rule that was chosen at
        the start decides. To pick the one that likes the result finds winners that are none.
      </p>
    </>
  );
}
