import { count, duration, fixed, money, percent } from '../format.js';
import { known } from '../experiment/view.js';
import { GUARDRAILS, GUARDRAIL_STATES } from '../experiment/words.js';
import { WordBadge } from './WordBadge.jsx';
import './GuardrailList.css';

const NUMBERS = {
  latency: (arm) => [
    duration(arm.latency_ms?.p95),
    `p95, half under ${duration(arm.latency_ms?.p50)}`,
  ],
  cost: (arm) => [money(arm.cost_nanousd_mean), 'each'],
  failures: (arm) => [
    percent(arm.failure_rate),
    known(arm.exposures) ? `${count(arm.failures)} of ${count(arm.exposures)}` : '',
  ],
  rating: (arm) => [fixed(arm.average_rating, 2), `${count(arm.rating_count)} rated`],
};

function Measure({ arm, rail }) {
  const [value, beneath] = NUMBERS[rail.key](arm);
  const state = GUARDRAIL_STATES[arm.guardrails?.[rail.key]];
  return (
    <td data-head={rail.name}>
      <b>{value}</b> {value !== '–' && <small>{beneath}</small>}
      {state && <WordBadge {...state} title={`Limit: ${rail.limit}`} />}
    </td>
  );
}

/**
 * What must not get worse for more votes: latency, cost, failures, rating. Each variant is within
 * its limit or beyond it only where that is shown; else it is not known yet.
 *
 * @param {{arms: object[]}} props as in viewOf, in the order of the rows
 */
export function GuardrailList({ arms }) {
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label="Guardrails of each arm">
      <table className="table guardrails">
        <caption className="visually-hidden">Guardrails of each arm</caption>
        <thead>
          <tr>
            <th scope="col">Arm</th>
            {GUARDRAILS.map((rail) => (
              <th key={rail.key} scope="col">
                {rail.name}
                <small>{rail.limit}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {arms.map((arm) => (
            <tr key={arm.version}>
              <th scope="row" className="name">
                {arm.version}
                {arm.champion && <small>champion: the measure</small>}
              </th>
              {GUARDRAILS.map((rail) => (
                <Measure key={rail.key} arm={arm} rail={rail} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
