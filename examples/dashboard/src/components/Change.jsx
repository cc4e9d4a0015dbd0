import { fixed, points, signed } from '../format.js';
import { rateDifference } from '../rates.js';
import { Icon } from './Icon.jsx';
import './Change.css';

const WRITE = {
  relative: (now, before) => (before === 0 ? null : `${signed((now / before - 1) * 100, 0)} %`),
  points: (now, before) => points(now - before),
  stars: (now, before) => signed(now - before, 2),
};

/**
 * A number against the same number of the window before. Where both have an interval, a
 * difference that chance alone may have made is neither good nor bad.
 *
 * @param {{now: number|null, before: number|null|undefined, as?: keyof typeof WRITE,
 *   better?: 'up'|'down', interval?: number[]|null, intervalBefore?: number[]|null}} props
 *   better: which way is good; without it none is
 */
export function Change({ now, before, as = 'relative', better, interval, intervalBefore }) {
  const text = isNumber(now) && isNumber(before) ? WRITE[as](now, before) : null;
  if (text === null) return null;

  const chance =
    interval && intervalBefore ? byChance(now, interval, before, intervalBefore) : null;
  const flat = !/[1-9]/.test(text);
  const way = now > before ? 'up' : 'down';
  const judged = better && !flat && !chance;
  const kind = judged ? (way === better ? 'good' : 'bad') : '';
  return (
    <span className={`change ${kind}`}>
      {!flat && <Icon name={way === 'up' ? 'arrow-up' : 'arrow-down'} />}
      <span className="change-text">{text}</span>
      {kind && <span className="visually-hidden">, {kind === 'good' ? 'better' : 'worse'}</span>}
      {chance && !flat && <span title={chance}> may be chance</span>}
    </span>
  );
}

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

function byChance(now, interval, before, intervalBefore) {
  const [low, high] = rateDifference(now, interval, before, intervalBefore);
  if (low > 0 || high < 0) return null;
  return `The difference lies between ${fixed(low * 100)} and ${fixed(high * 100)} points (95 %).`;
}
