/** Numbers of tests as people read them; the rest is in format.js. */
import { count, fixed, GAP, percent, points, signed } from '../format.js';
import { known } from './view.js';

const LN10 = Math.LN10;

const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const raised = (n) =>
  (n < 0 ? '⁻' : '') + [...String(Math.abs(n))].map((digit) => SUPERSCRIPT[digit]).join('');

/** 3.2 × 10¹² from its logarithm; rounded first, so that there is no 10.0 × 10¹¹. */
function power(log10) {
  const exponent = Math.floor(log10);
  const mantissa = (10 ** (log10 - exponent)).toFixed(1);
  if (mantissa === '10.0') return `1.0${GAP}×${GAP}10${raised(exponent + 1)}`;
  return `${mantissa}${GAP}×${GAP}10${raised(exponent)}`;
}

const FLOATING = /\b\d(?:\.\d+)?e[+-]\d+\b/g;
const NEGATIVE = /(^|[\s(])-(?=\d)/g;

/** A sentence of the library with its numbers as people read them: not 2.41e+03, not -0.5 */
export const sentence = (text) =>
  text
    .replace(FLOATING, (digits) => {
      const value = Number(digits);
      return value >= 1 && value < 1e6 ? count(value) : power(Math.log10(value));
    })
    .replace(NEGATIVE, '$1−');

/** An e-value from its logarithm, which a double always holds: 21.3, 4,200, 3.2 × 10¹² */
export function eValue(ln) {
  if (!known(ln)) return '–';
  if (ln >= Math.log(99_999.5)) return power(ln / LN10);
  const value = Math.exp(ln);
  if (value >= 99.95) return count(Math.round(value));
  if (value < 0.01) return 'under 0.01';
  return String(Number(fixed(value, value < 1 ? 2 : 1)));
}

/** Evidence as it is spoken of, on one line: 21.3 : 1 */
export const odds = (ln) => `${eValue(ln)}${GAP}:${GAP}1`;

/** 0.012, 0.00028, 3.1 × 10⁻¹² */
export function pValue(p, lnP = null) {
  if (!known(p)) return '–';
  if (p >= 0.0001) return p >= 0.995 ? '1' : String(Number(p.toPrecision(2)));
  const log10 = known(lnP) ? lnP / LN10 : Math.log10(p);
  if (log10 === -Infinity) return 'under 10⁻³⁰⁰';
  return power(log10);
}

/** Chances end where nobody could tell: over 99.9 %, under 0.1 % */
export function chance(ratio) {
  if (!known(ratio)) return '–';
  if (ratio > 0.999) return `> ${percent(0.999)}`;
  if (ratio < 0.001) return `< ${percent(0.001)}`;
  return percent(ratio);
}

/** [0.01, 0.12] as "+1.0 to +12.0 pts" */
export function pointsInterval(bounds) {
  if (!Array.isArray(bounds) || !bounds.every(known)) return '–';
  return `${signed(bounds[0] * 100)} to ${points(bounds[1])}`;
}

/** 95 %, 99.44 %: of a confidence, as many digits as say what it is. */
export const confidence = (ratio) => {
  if (!known(ratio)) return '–';
  const digits = [0, 1, 2].find((one) => Math.abs(ratio * 100 - (ratio * 100).toFixed(one)) < 1e-9);
  return percent(ratio, digits ?? 2);
};

/** The smallest lift worth finding, which has no sign: 8 pts */
export const lift = (ratio) =>
  points(ratio, Number.isInteger(Number((ratio * 100).toFixed(6))) ? 0 : 1).replace('+', '');

/** About 11 days, less than a day, more than 10 years */
export function daysInWords(days) {
  if (!known(days)) return 'unknown';
  if (days < 1) return 'less than a day';
  if (days > 3650) return 'more than 10 years';
  if (days > 99) return `about ${count(Math.round(days / 30.44))} months`;
  const whole = Math.ceil(days);
  return `about ${whole} ${whole === 1 ? 'day' : 'days'}`;
}
