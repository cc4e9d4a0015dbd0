import './EmptyState.css';

/**
 * Nothing to show, and what to do about it.
 *
 * @param {{title: string, children?: import('react').ReactNode, action?: import('react').ReactNode}} props
 */
export function EmptyState({ title, children, action }) {
  return (
    <div className="empty-state">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}
