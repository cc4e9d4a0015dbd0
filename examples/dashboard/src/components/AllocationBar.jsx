import { count, percent, plural, points } from '../format.js';
import { eValue, pValue } from '../experiment/numbers.js';
import { isOff, known, responseWord, splitWord } from '../experiment/view.js';
import { WordBadge } from './WordBadge.jsx';
import './AllocationBar.css';

const LABEL_FROM = 0.12; // of the width; a narrower piece has no room for its version

function Bar({ label, pieces }) {
  return (
    <div className="allocation-row">
      <span className="allocation-label">{label}</span>
      <div className="allocation-bar" aria-hidden="true">
        {pieces.map(
          ({ version, share }, i) =>
            share > 0 && (
              <span
                key={version}
                className={`arm-${i % 4}`}
                style={{ flexGrow: share, flexBasis: 0 }}
              >
                {share >= LABEL_FROM && version}
              </span>
            ),
        )}
      </div>
    </div>
  );
}

/** Of the arms that are on: an arm that was switched off got its share until then, and none since. */
function sharesOf(arms) {
  const on = arms.filter((arm) => !isOff(arm));
  const weights = on.reduce((sum, arm) => sum + arm.weight, 0);
  const units = on.reduce((sum, arm) => sum + arm.units, 0);
  const share = (part, whole) => (whole > 0 ? part / whole : null);
  return {
    units,
    shown: arms.map((arm) => ({
      ...arm,
      planned: isOff(arm) ? 0 : share(arm.weight, weights),
      observed: isOff(arm) ? 0 : share(arm.units, units),
    })),
  };
}

function Share({ arm }) {
  if (isOff(arm)) return 'switched off';
  if (arm.observed === null) return 'nobody yet';
  return (
    <>
      {percent(arm.observed)} <small>{points(arm.observed - arm.planned)}</small>
    </>
  );
}

function Rows({ arms }) {
  return (
    <ul className="allocation-list">
      {arms.map((arm, i) => (
        <li key={arm.version}>
          <i className={`swatch arm-${i % 4}`} aria-hidden="true" />
          <b>{arm.version}</b>
          <span>
            <Share arm={arm} />
          </span>
          <small>
            {isOff(arm)
              ? `${plural(arm.units, 'reader')} before that`
              : `of ${percent(arm.planned)} planned · ${plural(arm.units, 'reader')}`}
          </small>
        </li>
      ))}
    </ul>
  );
}

/** A check of the data: a name, its word, its numbers and what they say. */
function Check({ name, found, numbers }) {
  return (
    <div className="allocation-check">
      <dt>{name}</dt>
      <dd>
        <WordBadge {...found} /> <span>{found.says}</span>
        {numbers && <small className="beneath">{numbers}</small>}
      </dd>
    </div>
  );
}

/** What is known of a check: nothing is, before anybody came. */
function evidenceNumbers(ln, p, limit) {
  if (!known(p)) return null;
  return (
    `e-value against it ${eValue(ln)}, ${limit} is too much; ` +
    `p = ${pValue(p)} if this were the only look`
  );
}

function responseNumbers({ ln_e_value: ln, p_value: p, apart }) {
  const numbers = evidenceNumbers(ln, p, '100');
  return numbers && `${numbers}; ${percent(apart)} apart at the most`;
}

/**
 * How readers were to be split and how they were, and whether the difference is chance.
 *
 * @param {{arms: {version: string, weight: number, units: number}[], evidence: object|null}} props
 *   arms: as in viewOf; evidence: with `srm` and `differential_response`
 */
export function AllocationBar({ arms, evidence }) {
  const { units, shown } = sharesOf(arms);
  const { srm, differential_response: response } = evidence ?? {};
  const split = splitWord(evidence);
  const answers = responseWord(evidence);
  return (
    <div className="allocation">
      <Bar
        label="Planned"
        pieces={shown.map((arm) => ({ version: arm.version, share: arm.planned }))}
      />
      {units > 0 && (
        <Bar
          label="Observed"
          pieces={shown.map((arm) => ({ version: arm.version, share: arm.observed }))}
        />
      )}
      <Rows arms={shown} />
      <dl>
        <Check
          name="Split"
          found={split}
          numbers={srm && evidenceNumbers(srm.ln_e_value_max, srm.p_value, '1,000')}
        />
        <Check name="Voting" found={answers} numbers={response && responseNumbers(response)} />
      </dl>
      {evidence && (evidence.contaminated_units > 0 || evidence.mismatches > 0) && (
        <p className="beneath">
          Not counted: {count(evidence.contaminated_units)} readers who met two arms,{' '}
          {plural(evidence.mismatches, 'row')} that claimed a wrong arm.
        </p>
      )}
    </div>
  );
}
