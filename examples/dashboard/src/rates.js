/** What a page works out of rates and their intervals by itself. */

/**
 * The interval of a difference of two rates, from theirs (Newcombe's hybrid of two Wilson
 * intervals).
 *
 * @returns {[number, number]} of rate - other
 */
export function rateDifference(rate, [low, high], other, [otherLow, otherHigh]) {
  const difference = rate - other;
  return [
    difference - Math.hypot(rate - low, otherHigh - other),
    difference + Math.hypot(high - rate, other - otherLow),
  ];
}

/**
 * One axis for several intervals: from and to whole tenths, with all of them inside.
 *
 * @param {(number[]|null)[]} intervals
 * @returns {[number, number]}
 */
export function sharedAxis(intervals) {
  const bounds = intervals.filter(Boolean).flat();
  if (bounds.length === 0) return [0, 1];
  const low = Math.floor(Math.min(...bounds) * 10 + 1e-9) / 10;
  const high = Math.ceil(Math.max(...bounds) * 10 - 1e-9) / 10;
  return [Math.max(0, low), Math.min(1, Math.max(high, low + 0.1))];
}

/** A sum of costs; null where no cost is known, which is not the same as costing nothing. */
export const knownCost = ({ cost_nanousd: sum, cost_known: of }) => (of > 0 ? sum : null);

/** Per 1,000 of what is counted; null where nothing is. */
export const perThousand = (sum, of) =>
  typeof sum === 'number' && of > 0 ? (sum / of) * 1000 : null;
