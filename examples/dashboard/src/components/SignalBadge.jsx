import './SignalBadge.css';

const SHAPES = { BUY: 'M3 10 7 3l4 7z', SELL: 'M3 4h8l-4 7z', HOLD: 'M3.5 3.5h7v7h-7z' };
const OTHER = 'M7 3.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6';

/**
 * The name of a signal with a shape of its own, so that colour is not needed to tell them.
 *
 * @param {{signal: string}} props
 */
export function SignalBadge({ signal }) {
  return (
    <span className={`signal-badge ${SHAPES[signal] ? signal.toLowerCase() : ''}`}>
      <svg viewBox="0 0 14 14" aria-hidden="true" focusable="false">
        <path d={SHAPES[signal] ?? OTHER} />
      </svg>
      {signal}
    </span>
  );
}
