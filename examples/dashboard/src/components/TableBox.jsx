/**
 * A table that may be wider than the window: it scrolls inside this box, by keyboard too.
 *
 * @param {{label: string, children: import('react').ReactNode}} props label: of the table
 */
export function TableBox({ label, children }) {
  return (
    <div className="table-box" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
