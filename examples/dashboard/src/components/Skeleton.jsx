import './Skeleton.css';

/**
 * The place of something that is being loaded.
 *
 * @param {{label?: string, rows?: number, height?: number}} props
 *   label: what a screen reader says; height: of each row, px
 */
export function Skeleton({ label = 'Loading', rows = 3, height = 20 }) {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className="skeleton-row" style={{ height }} aria-hidden="true" />
      ))}
    </div>
  );
}
