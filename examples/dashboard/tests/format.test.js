import { describe, expect, it } from 'vitest';
import * as format from '../src/format.js';

const plain = (text) => text.replaceAll('\u00a0', ' ');

describe('numbers', () => {
  it.each([
    ['count', [12345], '12,345'],
    ['count', [null], '–'],
    ['count', [Number.NaN], '–'],
    ['compact', [9999], '9,999'],
    ['compact', [1_234_567], '1.2M'],
    ['percent', [0.625], '62.5 %'],
    ['percent', [0], '0.0 %'],
    ['percent', [undefined], '–'],
    ['percent', [0.2249, 0], '22 %'],
    ['interval', [[0.5804, 0.6596]], '58.0 to 66.0 %'],
    ['interval', [null], '–'],
    ['interval', [[null, null]], '–'],
    ['fixed', [-1.194, 2], '−1.19'],
    ['signed', [1.25, 1], '+1.3'],
    ['signed', [-0.04, 1], '±0.0'],
    ['signed', [-1234.5, 0], '−1,235'],
    ['points', [0.027], '+2.7 pts'],
    ['duration', [0.251], '0.25 ms'],
    ['duration', [842.4], '842 ms'],
    ['duration', [999.7], '1.00 s'],
    ['duration', [12_340], '12.3 s'],
    ['duration', [59_990], '1.0 min'],
    ['duration', [150_000], '2.5 min'],
    ['plural', [1, 'vote'], '1 vote'],
    ['plural', [0, 'vote'], '0 votes'],
  ])('%s(%j) is %s', (name, args, text) => {
    expect(plain(format[name](...args))).toBe(text);
  });
});

describe('money, from nanodollars', () => {
  it.each([
    [0, '$0'],
    [null, '–'],
    [1, '$0.000000001'],
    [790_000, '$0.00079'],
    [14_300_000, '$0.014'],
    [60_000_000, '$0.060'],
    [140_000_000, '$0.14'],
    [1_234_560_000_000, '$1,234.56'],
    [-500_000_000, '-$0.50'],
  ])('%d is %s', (nanousd, text) => {
    expect(format.money(nanousd)).toBe(text);
  });
});

describe('times', () => {
  const now = Date.parse('2026-11-27T12:00:00Z');
  it.each([
    ['2026-11-27T11:59:57Z', 'just now'],
    ['2026-11-27T11:59:20Z', '40 seconds ago'],
    ['2026-11-27T11:15:00Z', '45 minutes ago'],
    ['2026-11-26T12:00:00Z', '1 day ago'],
    ['2026-11-27T15:00:00Z', 'just now'], // clocks differ, but nothing is in the future
    ['not a time', '–'],
    [null, '–'],
  ])('%s is %s', (at, text) => {
    expect(format.ago(at, now)).toBe(text);
  });

  it('names a day as it is counted, in UTC', () => {
    expect(format.day('2026-11-03')).toBe('Nov 3');
    expect(format.weekday('2026-11-03')).toBe('Tue, Nov 3');
  });

  it('gives the day of a clock that has stopped yesterday', () => {
    const at = new Date(2026, 10, 26, 14, 5, 9);
    expect(format.clockOrDate(at, new Date(2026, 10, 26, 23, 0).getTime())).toBe('14:05:09');
    expect(format.clockOrDate(at, new Date(2026, 10, 27, 0, 1).getTime())).toBe('Nov 26, 14:05');
    expect(format.clockOrDate(null, now)).toBe('–');
  });

  it('gives the date of what is older than a week', () => {
    expect(format.ago('2026-11-01T12:00:00Z', now)).toMatch(/^(Oct 31|Nov 1|Nov 2), \d\d:00$/);
  });
});
