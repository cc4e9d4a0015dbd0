import { useSyncExternalStore } from 'react';
import { ago, dateTime } from '../format.js';
import { serverNow } from '../serverClock.js';

const MINUTE_MS = 60_000;

function subscribe(tell) {
  const timer = setInterval(tell, MINUTE_MS / 2);
  return () => clearInterval(timer);
}

const minute = () => Math.floor(serverNow() / MINUTE_MS);

/**
 * How long ago something was, which grows while the page is looked at.
 *
 * @param {{at: string}} props
 */
export function Ago({ at }) {
  useSyncExternalStore(subscribe, minute);
  return (
    <time dateTime={at} title={dateTime(at)}>
      {ago(at, serverNow())}
    </time>
  );
}
