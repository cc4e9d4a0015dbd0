import './Tile.css';

/**
 * One number with its name, what it is made of, and how it has changed.
 *
 * @param {{label: string, value: import('react').ReactNode, of?: import('react').ReactNode,
 *   change?: import('react').ReactNode, children?: import('react').ReactNode}} props
 *   of: n, the fraction or the interval beneath; children: a small plot
 */
export function Tile({ label, value, of, change, children }) {
  return (
    <div className="tile">
      <dt>{label}</dt>
      <dd>
        <span className="tile-value">{value}</span>
        {change}
        {of && <span className="tile-of">{of}</span>}
        {children && <span className="tile-plot">{children}</span>}
      </dd>
    </div>
  );
}

/** Several tiles as one panel. */
export function Tiles({ label, children }) {
  return (
    <dl className="tiles panel" aria-label={label}>
      {children}
    </dl>
  );
}
