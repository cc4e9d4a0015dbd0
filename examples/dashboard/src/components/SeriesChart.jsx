import {
  Area,
  Bar,
  CartesianGrid,
  Cell,
  ComposedChart,
  Line,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import {
  compact,
  count,
  day as dayOf,
  fixed,
  interval,
  money,
  percent,
  weekday,
} from '../format.js';

const HEIGHT = 260;
const TICK = { fill: 'var(--text-3)', fontSize: 12 };
const HATCH = 'series-hatch';

/** How each number is drawn: counts as bars from zero, rates and means as a line. */
const SHAPES = {
  positive_rate: { line: true, domain: [0, 1], tick: (value) => percent(value, 0) },
  average_rating: { line: true, domain: [1, 5], tick: (value) => fixed(value, 0) },
  feedback: { tick: compact },
  explanations: { tick: compact },
  cost_nanousd: { tick: money },
};

/**
 * The chart of SeriesPanel, apart from it because Recharts is large: load it by React.lazy.
 *
 * @param {{series: object[], today: string, metric: {value: string, label: string,
 *   write: (value: number) => string, band?: string}}} props
 */
export default function SeriesChart({ series, today, metric }) {
  const shape = SHAPES[metric.value];
  return (
    <ResponsiveContainer width="100%" height={HEIGHT}>
      <ComposedChart
        data={series}
        margin={{ top: 8, right: 12, bottom: 0, left: 0 }}
        title={`${metric.label} day by day. Arrow keys go from day to day.`}
      >
        <defs>
          <pattern
            id={HATCH}
            width="6"
            height="6"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect width="6" height="6" fill="var(--accent-soft)" />
            <rect width="2.5" height="6" fill="var(--accent)" />
          </pattern>
        </defs>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis
          dataKey="day"
          tickFormatter={dayOf}
          tick={TICK}
          tickLine={false}
          axisLine={{ stroke: 'var(--line-strong)' }}
          minTickGap={32}
        />
        <YAxis
          width={56}
          domain={shape.domain}
          tickFormatter={shape.tick}
          tick={TICK}
          tickLine={false}
          axisLine={false}
          tickCount={5}
        />
        <Tooltip
          cursor={shape.line ? { stroke: 'var(--control-line)' } : false}
          content={<Tip metric={metric} today={today} />}
          isAnimationActive={false}
        />
        {shape.line ? lineOf(metric, today) : barsOf(metric, series, today)}
      </ComposedChart>
    </ResponsiveContainer>
  );
}

function lineOf({ value, band }, today) {
  return [
    band && (
      <Area
        key="band"
        dataKey={band}
        fill="var(--accent)"
        fillOpacity={0.14}
        stroke="none"
        activeDot={false}
        isAnimationActive={false}
      />
    ),
    <Line
      key="line"
      dataKey={value}
      stroke="var(--accent)"
      strokeWidth={2}
      dot={<Dot today={today} name={value} />}
      activeDot={{ r: 4, fill: 'var(--accent)', stroke: 'var(--surface)' }}
      isAnimationActive={false}
    />,
  ];
}

/** Only today has a dot, a hollow one; none while there is nothing to show of it. */
export function Dot({ cx, cy, payload, today, name }) {
  if (payload.day !== today || payload[name] === null) return null;
  return (
    <circle cx={cx} cy={cy} r="4" fill="var(--surface)" stroke="var(--accent)" strokeWidth="2" />
  );
}

function barsOf({ value }, series, today) {
  return (
    <Bar
      dataKey={value}
      fill="var(--accent)"
      radius={[2, 2, 0, 0]}
      maxBarSize={28}
      isAnimationActive={false}
    >
      {series.map(({ day }) => (
        <Cell key={day} fill={day === today ? `url(#${HATCH})` : 'var(--accent)'} />
      ))}
    </Bar>
  );
}

function Tip({ active, payload, metric, today }) {
  const day = active ? payload?.[0]?.payload : null;
  if (!day) return null;
  return (
    <div className="series-tip">
      <p>
        {weekday(day.day)}
        {day.day === today && ', so far'}
      </p>
      <strong>{metric.write(day[metric.value])}</strong>
      {metric.band && (
        <p>
          {interval(day[metric.band])}
          <br />
          {count(day.positive)} of {count(day.feedback)} votes
        </p>
      )}
    </div>
  );
}
