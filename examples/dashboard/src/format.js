/** Numbers and times as people read them. Null is "–": nothing was counted. */

const NOTHING = '–';
export const GAP = '\u00a0'; // a number and its unit stay on one line
const LOCALE = 'en-US';
const memo = new Map();

function numberFormat(options) {
  const key = JSON.stringify(options);
  if (!memo.has(key)) memo.set(key, new Intl.NumberFormat(LOCALE, options));
  return memo.get(key);
}

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const or = (value, write) => (isNumber(value) ? write(value) : NOTHING);

/** 12,345 */
export const count = (value) => or(value, (n) => numberFormat({}).format(n));

/** 12.3K: where there is no room for all digits. */
export const compact = (value) =>
  or(value, (n) =>
    Math.abs(n) < 10_000
      ? count(n)
      : numberFormat({ notation: 'compact', maximumFractionDigits: 1 }).format(n),
  );

/** A ratio 0..1 as 62.5 % */
export const percent = (ratio, digits = 1) => or(ratio, (r) => `${fixed(r * 100, digits)}${GAP}%`);

/** 3.1, −0.5, always with that many digits and a real minus. */
export const fixed = (value, digits = 1) =>
  or(value, (n) =>
    numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits })
      .format(n)
      .replace('-', '−'),
  );

/** [0.58, 0.66] as 58.0 to 66.0 % */
export const interval = (bounds, digits = 1) =>
  Array.isArray(bounds) && bounds.every(isNumber)
    ? `${fixed(bounds[0] * 100, digits)} to ${fixed(bounds[1] * 100, digits)}${GAP}%`
    : NOTHING;

/** A change with its sign, with a real minus: +1.2 */
export const signed = (value, digits = 1) =>
  or(value, (n) => {
    const text = fixed(Math.abs(n), digits);
    if (Number(text.replaceAll(',', '')) === 0) return `±${text}`;
    return (n > 0 ? '+' : '−') + text;
  });

/** The difference of two ratios in percentage points: +1.2 pts */
export const points = (difference, digits = 1) =>
  or(difference, (d) => `${signed(d * 100, digits)}${GAP}pts`);

/** Nanodollars as dollars, with as many digits as small amounts need. */
export const money = (nanousd) =>
  or(nanousd, (n) => {
    const usd = n / 1e9;
    if (usd === 0) return '$0';
    const digits =
      Math.abs(usd) >= 0.1 ? 2 : Math.min(9, 1 - Math.floor(Math.log10(Math.abs(usd))));
    return numberFormat({
      style: 'currency',
      currency: 'USD',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(usd);
  });

/** 842 ms, 1.24 s, 2.5 min */
export const duration = (ms) =>
  or(ms, (value) => {
    if (value < 1) return `${fixed(value, 2)}${GAP}ms`;
    if (value < 999.5) return `${count(Math.round(value))}${GAP}ms`;
    if (value < 59_950) return `${fixed(value / 1000, value < 10_000 ? 2 : 1)}${GAP}s`;
    return `${fixed(value / 60_000, 1)}${GAP}min`;
  });

/** 1 vote, 2 votes */
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

const timeOf = (value) => {
  const time = value instanceof Date ? value : new Date(value);
  return value === null || value === undefined || Number.isNaN(time.getTime()) ? null : time;
};

function time(value, options) {
  const at = timeOf(value);
  return at ? new Intl.DateTimeFormat(LOCALE, options).format(at) : NOTHING;
}

/** Nov 3, 14:05 */
export const dateTime = (value) =>
  time(value, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
/** 14:05:09, or where that was another day: Nov 3, 14:05 */
export const clockOrDate = (value, now) => {
  const at = timeOf(value);
  const today = new Date(now).toDateString();
  return at && at.toDateString() !== today ? dateTime(at) : clock(at);
};
/** 14:05:09 */
export const clock = (value) =>
  time(value, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
/** A day as the library counts them, in UTC: Nov 3 */
export const day = (value) => time(value, { month: 'short', day: 'numeric', timeZone: 'UTC' });
/** Tue, Nov 3 */
export const weekday = (value) =>
  time(value, { weekday: 'short', month: 'short', day: 'numeric', timeZone: 'UTC' });

const STEPS = [
  [60, 'second', 1],
  [3600, 'minute', 60],
  [86_400, 'hour', 3600],
  [7 * 86_400, 'day', 86_400],
];

/** 3 minutes ago; older than a week: the date. Nothing is in the future: clocks differ a little. */
export function ago(value, now) {
  const at = timeOf(value);
  if (!at) return NOTHING;
  const seconds = Math.round((at.getTime() - now) / 1000);
  if (seconds > -10) return 'just now';
  const step = STEPS.find(([below]) => -seconds < below);
  if (!step) return dateTime(at);
  return new Intl.RelativeTimeFormat(LOCALE).format(Math.round(seconds / step[2]), step[1]);
}
