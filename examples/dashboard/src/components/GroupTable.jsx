import { count, duration, fixed, interval, money, percent } from '../format.js';
import { perThousand, sharedAxis } from '../rates.js';
import { RateInterval } from './RateInterval.jsx';
import { TableBox } from './TableBox.jsx';
import './GroupTable.css';

const number = (title, write, hint) => ({ title, write, hint, className: 'number' });

/** The columns a table may have; what a group lacks is left out by the page. */
export const COLUMNS = {
  explanations: number('Explanations', (row) => count(row.explanations)),
  votes: number('Votes', (row) => count(row.feedback)),
  rating: number(
    'Rating',
    (row) => (
      <>
        {fixed(row.average_rating, 2)}
        <small>{count(row.rating_count)} rated</small>
      </>
    ),
    'Average of 1 to 5 stars',
  ),
  latency: number(
    'Latency',
    ({ latency_ms: at }) => (
      <>
        {duration(at?.p50)}
        <small>p95 {duration(at?.p95)}</small>
      </>
    ),
    'Median, and what 95 % stay below',
  ),
  cost: number(
    'Cost per 1,000',
    (row) => money(perThousand(row.cost_nanousd, row.cost_known)),
    'Of explanations whose cost is known',
  ),
  cached: number('From cache', (row) => percent(row.cached_rate, 0)),
};

/**
 * Groups of explanations with how helpful people found each, on one axis.
 *
 * @param {{caption: string, name: string, rows: object[], nameOf: (row: object) => any,
 *   keyOf: (row: object) => string, columns: object[], reference?: number|null}} props
 *   caption: said by screen readers; name: the title of the first column; reference: the rate
 *   of all, drawn as a thin line
 */
export function GroupTable({ caption, name, rows, nameOf, keyOf, columns, reference = null }) {
  const axis = sharedAxis(rows.map((row) => row.positive_rate_interval));
  return (
    <TableBox label={caption}>
      <table className="table group-table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{name}</th>
            <th scope="col" className="number">
              Helpful
            </th>
            <th scope="col" className="group-axis" aria-label="Helpful, 95 % interval">
              <span>{percent(axis[0], 0)}</span>
              <span>{percent(axis[1], 0)}</span>
            </th>
            {columns.map(({ title, hint, className }) => (
              <th key={title} scope="col" className={className} title={hint}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              <th scope="row" className="name">
                {nameOf(row)}
              </th>
              <td className="number">
                {percent(row.positive_rate)}
                <small>
                  {count(row.positive)} of {count(row.feedback)}
                </small>
              </td>
              <td className="group-plot" title={interval(row.positive_rate_interval)}>
                <RateInterval
                  rate={row.positive_rate}
                  interval={row.positive_rate_interval}
                  axis={axis}
                  reference={reference}
                />
              </td>
              {columns.map(({ title, write, className }) => (
                <td key={title} className={className}>
                  {write(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}
