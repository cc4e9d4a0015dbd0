import { useId, useState } from 'react';
import { percent } from '../format.js';
import { lift as liftInWords } from '../experiment/numbers.js';
import { candidatesOf, draftsOf } from '../experiment/view.js';
import { RULES } from '../experiment/words.js';
import { ConfirmDialog } from './ConfirmDialog.jsx';
import './StartTestForm.css';

const LIFTS = [0.02, 0.05, 0.1, 0.2];
const ARMS_MAX = 64;
const DAYS_MAX = 3650;
const ACTOR_ALONE = ['actor'];

function Arms({ champion, candidates, chosen, onToggle }) {
  return (
    <fieldset className="start-test-set">
      <legend>Arms, with equal shares</legend>
      <label className="confirm-check">
        <input type="checkbox" checked disabled readOnly />
        <span>
          {champion} <span className="badge">Champion</span>
        </span>
      </label>
      {candidates.map((one) => (
        <label key={one.version} className="confirm-check">
          <input
            type="checkbox"
            checked={chosen.includes(one.version)}
            onChange={() => onToggle(one.version)}
          />
          <span>
            {one.version} <span className="badge">{one.approved_at ? 'approved' : one.status}</span>
            {one.hypothesis && <small className="beneath">{one.hypothesis}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Rules({ value, onChange }) {
  const name = useId();
  return (
    <fieldset className="start-test-set">
      <legend>Rule</legend>
      {Object.entries(RULES).map(([rule, words]) => (
        <label key={rule} className="confirm-check">
          <input
            type="radio"
            name={name}
            checked={rule === value}
            onChange={() => onChange(rule)}
          />
          <span>
            {words.name}
            <small className="beneath">{words.choose}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Plan({ lift, onLift, days, onDays }) {
  const id = useId();
  return (
    <div className="start-test-plan">
      <div className="field">
        <label htmlFor={`${id}-lift`}>Smallest lift worth finding</label>
        <select
          id={`${id}-lift`}
          className="input"
          value={lift}
          onChange={(event) => onLift(Number(event.target.value))}
        >
          {LIFTS.map((one) => (
            <option key={one} value={one}>
              {liftInWords(one)}
            </option>
          ))}
        </select>
        <span className="field-hint">Half the lift takes four times the votes.</span>
      </div>
      <div className="field">
        <label htmlFor={`${id}-days`}>Days at the most</label>
        <input
          id={`${id}-days`}
          className="input"
          type="number"
          min="7"
          max={DAYS_MAX}
          value={days}
          onChange={(event) => onDays(event.target.value)}
        />
        <span className="field-hint">At least 7.</span>
      </div>
    </div>
  );
}

/** What is wrong with the choice, or null. */
function mistakeIn(chosen, days) {
  if (chosen.length === 0) return 'Choose at least one arm beside the champion.';
  if (chosen.length >= ARMS_MAX) return `At most ${ARMS_MAX} arms fit into a test.`;
  const whole = Number(days);
  if (!(whole >= 7 && whole <= DAYS_MAX)) return `The days must be 7 to ${DAYS_MAX}.`;
  return null;
}

/**
 * Starts a test of the champion against chosen variants. What it plans, above all how long that
 * takes, is known once it has begun: the page shows it then.
 *
 * @param {{signal: string, champion: string, variants: object[],
 *   onStart: (body: object) => Promise<unknown>, onClose: () => void}} props
 *   variants: of the signal; onStart: gets the body of POST /api/admin/llm-ab-tests
 */
export function StartTestForm({ signal, champion, variants, onStart, onClose }) {
  const candidates = candidatesOf(variants, champion);
  const waiting = draftsOf(variants).length;
  const [chosen, setChosen] = useState(() =>
    candidates.filter((one) => one.approved_at && one.status === 'draft').map((one) => one.version),
  );
  const [rule, setRule] = useState('group_sequential');
  const [lift, setLift] = useState(0.05);
  const [days, setDays] = useState('56');
  const toggle = (version) =>
    setChosen(
      chosen.includes(version) ? chosen.filter((one) => one !== version) : [...chosen, version],
    );

  const start = ({ actor }) => {
    const mistake = mistakeIn(chosen, days);
    if (mistake) throw new Error(mistake);
    const versions = [champion, ...chosen];
    return onStart({
      signal,
      rule,
      actor,
      lift_min: lift,
      duration_max_days: Number(days),
      arms: versions.map((version) => ({ version, weight: 1 / versions.length })),
    });
  };

  return (
    <ConfirmDialog
      title={`Start a test for ${signal}`}
      confirm="Start the test"
      asks={ACTOR_ALONE}
      onConfirm={async (said) => start(said)}
      onClose={onClose}
    >
      <Arms champion={champion} candidates={candidates} chosen={chosen} onToggle={toggle} />
      {candidates.length === 0 && (
        <p>No other text is there to be tested. Approve a draft, or add a variant.</p>
      )}
      {waiting > 0 && (
        <p className="field-hint">
          {waiting === 1 ? 'A draft is' : `${waiting} drafts are`} missing here until somebody has
          read and approved {waiting === 1 ? 'it' : 'them'}.
        </p>
      )}
      <p className="field-hint">
        {chosen.length > 0 && `Each arm gets ${percent(1 / (chosen.length + 1))} of the readers. `}
        Arms, shares and rule are fixed for the length of the test.
      </p>
      <Rules value={rule} onChange={setRule} />
      <Plan lift={lift} onLift={setLift} days={days} onDays={setDays} />
    </ConfirmDialog>
  );
}
