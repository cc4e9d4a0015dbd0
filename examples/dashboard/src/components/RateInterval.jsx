import { interval as inWords, percent } from '../format.js';
import './RateInterval.css';

/**
 * A rate as a dot with its 95 % interval, on an axis that several rows may share.
 *
 * @param {{rate: number|null, interval: number[]|null, axis?: [number, number],
 *   reference?: number|null, label?: string}} props
 *   axis: its two ends; reference: a rate to compare with, as a thin line; label: what is shown
 */
export function RateInterval({ rate, interval, axis = [0, 1], reference = null, label = '' }) {
  if (rate === null || !interval) return <span className="muted">no votes</span>;
  const [from, to] = axis;
  const at = (value) => `${(((value - from) / (to - from)) * 100).toFixed(2)}%`;
  const words = `${label}${label && ': '}${percent(rate)}, 95 % interval ${inWords(interval)}`;
  return (
    <svg className="rate-interval" role="img" aria-label={words}>
      <title>{words}</title>
      <line className="axis" x1="0" x2="100%" y1="10" y2="10" />
      {reference !== null && (
        <line className="reference" x1={at(reference)} x2={at(reference)} y1="0" y2="20" />
      )}
      <line className="range" x1={at(interval[0])} x2={at(interval[1])} y1="10" y2="10" />
      <circle cx={at(rate)} cy="10" r="3.5" />
    </svg>
  );
}
