import { clockOrDate } from '../format.js';
import { serverNow } from '../serverClock.js';
import { Icon } from './Icon.jsx';
import './Freshness.css';

/**
 * How old the numbers are, and a button that asks for newer ones.
 *
 * @param {{resource: ReturnType<typeof import('../useResource.js').useResource>, asOf?: string}} props
 *   asOf: the time of the numbers where the server says it; else when they were loaded
 */
export function Freshness({ resource, asOf }) {
  const { at, loading, stale, refresh } = resource;
  const time = asOf ?? at;
  return (
    <div className="freshness">
      <span role="status">
        {stale && 'Not up to date · '}
        {time !== null && time !== undefined && (
          <>
            As of{' '}
            <time dateTime={new Date(time).toISOString()}>{clockOrDate(time, serverNow())}</time>
          </>
        )}
      </span>
      <button
        type="button"
        className="button"
        onClick={loading ? undefined : refresh}
        aria-disabled={loading}
        aria-busy={loading}
      >
        <Icon name="refresh" />
        Refresh
      </button>
    </div>
  );
}
