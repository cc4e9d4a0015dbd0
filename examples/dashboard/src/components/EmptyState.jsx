import './EmptyState.css';

/**
 * Nothing to show, and what to do about it.
 *
 * @param {{title: string, heading?: 'h1'|'h2', children?: import('react').ReactNode, action?: import('react').ReactNode}} props
 */
export function EmptyState({ title, heading: Heading = 'h2', children, action }) {
  return (
    <div className="empty-state">
      <Heading>{title}</Heading>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}
