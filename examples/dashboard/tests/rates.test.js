import { describe, expect, it } from 'vitest';
import { knownCost, perThousand, rateDifference, sharedAxis } from '../src/rates.js';

describe('the interval of a difference', () => {
  // Newcombe 1998, table II, method 10: 56/70 against 48/80.
  it('is Newcombe’s', () => {
    const [low, high] = rateDifference(0.8, [0.6915, 0.8772], 0.6, [0.4904, 0.7004]);
    expect(low).toBeCloseTo(0.0524, 3);
    expect(high).toBeCloseTo(0.3339, 3);
  });
});

describe('a shared axis', () => {
  it('holds all intervals between whole tenths', () => {
    expect(sharedAxis([[0.41, 0.62], null, [0.55, 0.79]])).toEqual([0.4, 0.8]);
  });
  it('is all of it where there is nothing', () => {
    expect(sharedAxis([null])).toEqual([0, 1]);
  });
  it('never leaves 0 to 1 and is never empty', () => {
    expect(sharedAxis([[0, 1]])).toEqual([0, 1]);
    const [low, high] = sharedAxis([[0.6, 0.6]]);
    expect(high).toBeGreaterThan(low);
  });
});

it('a sum of unknown costs is unknown, not zero', () => {
  expect(knownCost({ cost_nanousd: 0, cost_known: 0 })).toBeNull();
  expect(knownCost({ cost_nanousd: 0, cost_known: 3 })).toBe(0);
});

it('per thousand of nothing is not known', () => {
  expect(perThousand(5, 0)).toBeNull();
  expect(perThousand(null, 10)).toBeNull();
  expect(perThousand(5, 1000)).toBe(5);
});
