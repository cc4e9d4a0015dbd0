import { count, percent, plural, points } from '../format.js';
import { eValue, pValue } from '../experiment/numbers.js';
import { isOff, responseWord, splitWord } from '../experiment/view.js';
import { WordBadge } from './WordBadge.jsx';
import './AllocationBar.css';

const LABEL_FROM = 0.12; // of the width; a narrower piece has no room for its version

function Bar({ label, pieces }) {
  return (
    <div className="allocation-row">
      <span className="allocation-label">{label}</span>
      <div className="allocation-bar" aria-hidden="true">
        {pieces.map(({ version, share }, i) => (
          <span key={version} className={`arm-${i % 4}`} style={{ flexGrow: share, flexBasis: 0 }}>
            {share >= LABEL_FROM && version}
          </span>
        ))}
      </div>
    </div>
  );
}

function Rows({ arms, units }) {
  return (
    <ul className="allocation-list">
      {arms.map((arm, i) => (
        <li key={arm.version}>
          <i className={`swatch arm-${i % 4}`} aria-hidden="true" />
          <b>{arm.version}</b>
          <span>
            {units ? percent(arm.units / units) : 'nobody yet'}
            {units > 0 && <small> {points(arm.units / units - arm.weight)}</small>}
          </span>
          <small>
            of {percent(arm.weight)} planned · {plural(arm.units, 'reader')}
            {isOff(arm) && ' · switched off'}
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

const evidenceNumbers = (ln, p, limit) =>
  `e-value against it ${eValue(ln)}, ${limit} is too much; p = ${pValue(p)} if this were the only look`;

/**
 * How readers were to be split and how they were, and whether the difference is chance.
 *
 * @param {{arms: {version: string, weight: number, units: number}[], evidence: object|null}} props
 *   arms: as in viewOf; evidence: with `srm` and `differential_response`
 */
export function AllocationBar({ arms, evidence }) {
  const units = arms.reduce((sum, arm) => sum + arm.units, 0);
  const { srm, differential_response: response } = evidence ?? {};
  const split = splitWord(evidence);
  const answers = responseWord(evidence);
  return (
    <div className="allocation">
      <Bar label="Planned" pieces={arms.map((arm) => ({ version: arm.version, share: arm.weight }))} />
      {units > 0 && (
        <Bar
          label="Observed"
          pieces={arms.map((arm) => ({ version: arm.version, share: arm.units / units }))}
        />
      )}
      <Rows arms={arms} units={units} />
      <dl>
        <Check
          name="Split"
          found={split}
          numbers={srm && evidenceNumbers(srm.ln_e_value_max, srm.p_value, '1,000')}
        />
        <Check
          name="Voting"
          found={answers}
          numbers={
            response &&
            `${evidenceNumbers(response.ln_e_value, response.p_value, '100')}; ` +
              `${percent(response.apart)} apart at the most`
          }
        />
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
