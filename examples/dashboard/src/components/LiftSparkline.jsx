import { count, day as dayText, points, signed } from '../format.js';
import { pointsInterval } from '../experiment/numbers.js';
import { known } from '../experiment/view.js';
import './LiftSparkline.css';

const WIDTH = 300;
const HEIGHT = 100; // so that it is per cent as well

/** The days of one variant on which a difference was known. */
function pointsOf(series, version) {
  return series.days
    .map((one, index) => ({
      index,
      day: one.day,
      ...one.arms.find((arm) => arm.version === version),
    }))
    .filter((one) => known(one.difference));
}

/**
 * From the lowest to the highest that is to be seen of any variant, so that all can be compared.
 * The first days' intervals are wide and say little, so the axis follows the later half.
 *
 * @param {object} series as llmlearn_ab_test_series says it
 * @param {number} liftMin
 * @returns {{low: number, high: number}}
 */
export function liftRange(series, liftMin) {
  const half = series.days.slice(Math.floor(series.days.length / 2));
  const arms = half.flatMap((one) => one.arms);
  const seen = arms
    .flatMap((arm) => [...(arm.difference_interval ?? []), arm.difference])
    .filter(known);
  const low = Math.min(0, ...seen);
  const high = Math.max(liftMin, ...seen);
  const room = (high - low) * 0.06;
  return { low: Math.max(-1, low - room), high: Math.min(1, high + room) };
}

function scaleOf(range, days) {
  const span = Math.max(1, days - 1);
  const clip = (value) => Math.min(range.high, Math.max(range.low, value));
  return {
    x: (index) => (index / span) * WIDTH,
    y: (value) => ((range.high - clip(value)) / (range.high - range.low)) * HEIGHT,
  };
}

const path = (list) =>
  list.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

function ribbon(seen, { x, y }) {
  const sure = seen.filter((one) => one.difference_interval);
  const upper = sure.map((one) => [x(one.index), y(one.difference_interval[1])]);
  const lower = sure.map((one) => [x(one.index), y(one.difference_interval[0])]);
  return upper.length < 2 ? '' : `${path([...upper, ...lower.reverse()])}Z`;
}

function spoken(version, seen) {
  const last = seen.at(-1);
  if (!last) return `${version}: no difference known yet.`;
  return (
    `${version}: difference against the champion over ${seen.length} days, at the end ` +
    `${points(last.difference)}, interval ${pointsInterval(last.difference_interval)}.`
  );
}

/** Zero, and the smallest lift worth finding unless the two would stand on one another. */
const marksOf = ({ low, high }, liftMin) => (liftMin / (high - low) > 0.12 ? [0, liftMin] : [0]);

function Plot({ version, seen, range, days, liftMin }) {
  const scale = scaleOf(range, days);
  const last = seen.at(-1);
  const level = (value, className) => (
    <line className={className} x1="0" x2={WIDTH} y1={scale.y(value)} y2={scale.y(value)} />
  );
  return (
    <div className="lift-plot">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={spoken(version, seen)}
      >
        <path className="lift-ribbon" d={ribbon(seen, scale)} />
        {level(liftMin, 'lift-worth')}
        {level(0, 'lift-zero')}
        <path
          className="lift-line"
          d={path(seen.map((one) => [scale.x(one.index), scale.y(one.difference)]))}
        />
      </svg>
      {last && (
        <i
          className="lift-end"
          aria-hidden="true"
          style={{
            left: `${(scale.x(last.index) / WIDTH) * 100}%`,
            top: `${scale.y(last.difference)}%`,
          }}
        />
      )}
      {marksOf(range, liftMin).map((value) => (
        <span
          key={value}
          className="lift-mark"
          aria-hidden="true"
          style={{ top: `${scale.y(value)}%` }}
        >
          {value === 0 ? '0' : signed(value * 100, 0)}
        </span>
      ))}
    </div>
  );
}

function Table({ seen, version }) {
  return (
    <details className="lift-table">
      <summary>{version} as a table</summary>
      <div className="table-box">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Until</th>
              <th scope="col" className="number">
                First votes
              </th>
              <th scope="col" className="number">
                Difference
              </th>
              <th scope="col" className="number">
                Interval
              </th>
            </tr>
          </thead>
          <tbody>
            {[...seen].reverse().map((one) => (
              <tr key={one.day}>
                <th scope="row">{dayText(one.day)}</th>
                <td className="number">{count(one.first_votes)}</td>
                <td className="number">{points(one.difference)}</td>
                <td className="number">{pointsInterval(one.difference_interval)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/**
 * How the difference of a variant came to be: each day's value counts all votes until then. The
 * ribbon is its interval, the dashed line the smallest lift worth finding.
 *
 * @param {{series: object, version: string, liftMin: number, range?: {low: number, high: number}}} props
 *   series: as llmlearn_ab_test_series says it; range: shared by several, see liftRange
 */
export function LiftSparkline({ series, version, liftMin, range = liftRange(series, liftMin) }) {
  const seen = pointsOf(series, version);
  const last = seen.at(-1);
  return (
    <figure className="lift">
      <figcaption>
        <b>{version}</b>
        <span>{last ? points(last.difference) : 'not known yet'}</span>
      </figcaption>
      {seen.length < 2 ? (
        <p className="muted">A line needs two days with votes in both arms.</p>
      ) : (
        <>
          <Plot
            version={version}
            seen={seen}
            range={range}
            days={series.days.length}
            liftMin={liftMin}
          />
          <div className="lift-days" aria-hidden="true">
            <span>{dayText(series.days[0].day)}</span>
            <span>{dayText(series.days.at(-1).day)}</span>
          </div>
          <Table seen={seen} version={version} />
        </>
      )}
    </figure>
  );
}
