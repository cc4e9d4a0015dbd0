import { ErrorNotice } from './ErrorNotice.jsx';
import { Skeleton } from './Skeleton.jsx';

/**
 * What useResource loaded, in whatever state it is: loading, failed, there, or there
 * but old since loading it again failed.
 *
 * @param {{resource: ReturnType<typeof import('../useResource.js').useResource>,
 *   skeleton?: import('react').ReactNode, children: (data: any) => import('react').ReactNode}} props
 */
export function ResourceView({ resource, skeleton = <Skeleton rows={6} />, children }) {
  const { data, error, refresh } = resource;
  if (data === null) return error ? <ErrorNotice error={error} onRetry={refresh} /> : skeleton;
  return (
    <>
      {error && (
        <div className="notice warn" role="status">
          <div>
            <strong>These numbers are not up to date</strong>
            {error.message}
          </div>
          <button type="button" className="button" onClick={refresh}>
            Try again
          </button>
        </div>
      )}
      {children(data)}
    </>
  );
}
