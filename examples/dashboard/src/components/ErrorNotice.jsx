/**
 * What went wrong, in words, and a way on.
 *
 * @param {{title?: string, error: Error, onRetry?: () => void}} props
 *   title: instead of the problem's own
 */
export function ErrorNotice({ title, error, onRetry }) {
  return (
    <div className="notice bad" role="alert">
      <div>
        <strong>{title ?? error.problem?.title ?? 'Something went wrong'}</strong>
        {error.message}
      </div>
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
