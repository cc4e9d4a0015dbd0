import { points, signed } from '../format.js';
import { confidence as confidenceText, pointsInterval } from '../experiment/numbers.js';
import { known } from '../experiment/view.js';
import './IntervalPlot.css';

/** @typedef {{low: number, high: number, ticks: number[]}} Axis of differences, -1 to 1 */

const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
const TICKS_MAX = 6;

/**
 * One axis for all rows: it holds zero, every interval, and the smallest lift worth finding.
 *
 * @param {([number, number]|null)[]} intervals
 * @param {number} liftMin
 * @returns {Axis}
 */
export function axisOf(intervals, liftMin) {
  const bounds = intervals.filter(Boolean).flat().filter(known);
  const low = Math.max(-1, Math.min(0, ...bounds));
  const high = Math.min(1, Math.max(0, liftMin, ...bounds));
  const room = Math.max(0.005, (high - low) * 0.08);
  const axis = { low: Math.max(-1, low - room), high: Math.min(1, high + room) };
  const step = STEPS.find((one) => (axis.high - axis.low) / one < TICKS_MAX) ?? 1;
  const ticks = [];
  for (let i = Math.ceil(axis.low / step); i * step <= axis.high; i += 1) ticks.push(i * step);
  return { ...axis, ticks };
}

const at = ({ low, high }, value) => `${(((value - low) / (high - low)) * 100).toFixed(2)}%`;

const DIGIT_PX = 7;
const NARROW_PX = 180; // as wide as a plot is at least

/** A number that reaches beyond its edge would touch the next column. */
function hasRoom({ low, high }, tick, text) {
  const share = (tick - low) / (high - low);
  const half = (text.length * DIGIT_PX) / 2 / NARROW_PX;
  return share >= half && share <= 1 - half;
}

/**
 * The scale above the rows: ticks in points, and where the smallest lift worth finding is.
 *
 * @param {{axis: Axis, liftMin: number}} props
 */
export function IntervalAxis({ axis, liftMin }) {
  const digits = axis.ticks.some((tick) => Math.abs(tick * 100 - Math.round(tick * 100)) > 1e-9)
    ? 1
    : 0;
  return (
    <svg className="interval-axis" aria-hidden="true" focusable="false">
      <text
        className="interval-axis-lift"
        x={at(axis, liftMin)}
        y="10"
        textAnchor={liftMin > axis.low + 0.75 * (axis.high - axis.low) ? 'end' : 'middle'}
      >
        worth finding
      </text>
      {axis.ticks
        .map((tick) => [tick, Math.abs(tick) < 1e-9 ? '0' : signed(tick * 100, digits)])
        .filter(([tick, text]) => hasRoom(axis, tick, text))
        .map(([tick, text]) => (
          <text key={tick} x={at(axis, tick)} y="26" textAnchor="middle">
            {text}
          </text>
        ))}
    </svg>
  );
}

function Whisker({ axis, value, bounds, tone }) {
  return (
    <g className={`interval-whisker ${tone}`}>
      {bounds && (
        <line
          className="interval-range"
          x1={at(axis, bounds[0])}
          x2={at(axis, bounds[1])}
          y1="50%"
          y2="50%"
        />
      )}
      {bounds?.map((bound, i) => (
        <line
          key={i}
          className="interval-end"
          x1={at(axis, bound)}
          x2={at(axis, bound)}
          y1="32%"
          y2="68%"
        />
      ))}
      <circle className="interval-value" cx={at(axis, value)} cy="50%" r="4.5" />
    </g>
  );
}

/** What the plot shows, in a sentence. */
function spoken({ version, champion, value, bounds, confidence }) {
  if (!known(value)) return `${version}: not enough votes for a difference.`;
  const certain = confidence ? `, ${confidenceText(confidence)} interval` : '';
  return `${version}: ${points(value)} against ${champion}${certain} ${pointsInterval(bounds)}.`;
}

/** What every row shows: no difference, and what is worth finding; grid lines lie between. */
function Ground({ axis, liftMin, children }) {
  return (
    <>
      <rect className="interval-worth" x={at(axis, liftMin)} y="0" height="100%" width="100%" />
      {children}
      <line
        className="interval-lift"
        x1={at(axis, liftMin)}
        x2={at(axis, liftMin)}
        y1="0"
        y2="100%"
      />
      <line className="interval-zero" x1={at(axis, 0)} x2={at(axis, 0)} y1="0" y2="100%" />
    </>
  );
}

/**
 * A difference and its interval, drawn on the axis that all rows share. The line at 0 is the
 * champion, the dashed one the smallest lift worth finding; beyond it the ground is tinted.
 *
 * @param {{axis: Axis, version: string, champion: string, value: number|null,
 *   bounds: [number, number]|null, liftMin: number, confidence?: number,
 *   tone?: "good"|"bad"|"weak"|""}} props
 *   value null: nothing is drawn but the ground; tone: good and bad only if the interval excludes 0
 */
export function IntervalPlot(props) {
  const { axis, value, bounds, liftMin, tone = '' } = props;
  return (
    <svg className="interval-plot" role="img" aria-label={spoken(props)}>
      <Ground axis={axis} liftMin={liftMin}>
        {axis.ticks.map((tick) => (
          <line
            key={tick}
            className="interval-tick"
            x1={at(axis, tick)}
            x2={at(axis, tick)}
            y1="0"
            y2="100%"
          />
        ))}
      </Ground>
      {known(value) && <Whisker axis={axis} value={value} bounds={bounds} tone={tone} />}
    </svg>
  );
}

/**
 * The champion's row: it is what the others are compared with.
 *
 * @param {{axis: Axis, version: string, liftMin: number}} props
 */
export function IntervalZero({ axis, version, liftMin }) {
  return (
    <svg
      className="interval-plot"
      role="img"
      aria-label={`${version} is what the others are compared with.`}
    >
      <Ground axis={axis} liftMin={liftMin} />
      <svg x={at(axis, 0)} y="50%" overflow="visible">
        <path className="interval-diamond" d="M0-5.5 5.5 0 0 5.5-5.5 0z" />
      </svg>
    </svg>
  );
}
