import './Sparkline.css';

const WIDTH = 120;
const HEIGHT = 28;
const EDGE = 3;

/** Pieces of line without gaps: a day without a number is not drawn over. */
function pieces(values) {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const x = (index) => EDGE + (index / Math.max(1, values.length - 1)) * (WIDTH - 2 * EDGE);
  const y = (value) => HEIGHT - EDGE - ((value - low) / span) * (HEIGHT - 2 * EDGE);
  const lines = [[]];
  values.forEach((value, index) => {
    if (value === null) lines.push([]);
    else lines.at(-1).push([x(index).toFixed(1), y(value).toFixed(1)]);
  });
  return lines.filter((line) => line.length > 0);
}

/**
 * The course of a number in a few pixels; the numbers themselves stand elsewhere.
 *
 * @param {{values: (number|null)[], label: string, partial?: boolean}} props
 *   label: the course in words, for screen readers; partial: the last value is still growing
 */
export function Sparkline({ values, label, partial = false }) {
  const numbers = partial ? values.slice(0, -1) : values;
  if (numbers.filter((value) => value !== null).length < 2) return null;
  const lines = pieces(numbers);
  const [cx, cy] = lines.at(-1).at(-1);
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {lines.map((line) => (
        <polyline key={line[0]} points={line.map((point) => point.join()).join(' ')} />
      ))}
      <circle cx={cx} cy={cy} r="2" />
    </svg>
  );
}
