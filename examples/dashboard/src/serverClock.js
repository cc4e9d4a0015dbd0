/** What time it is for the server: a reader's own clock may be hours away from it. */

let aheadMs = 0; // of ours

/** @param {string|null} date the header `Date` of an answer */
export function setServerClock(date) {
  const time = Date.parse(date);
  if (!Number.isNaN(time)) aheadMs = time - Date.now();
}

export const serverNow = () => Date.now() + aheadMs;
