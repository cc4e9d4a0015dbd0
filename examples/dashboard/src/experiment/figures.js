/** The four figures that say how a test is. */
import { count, fixed, points } from '../format.js';
import { chance, odds, pointsInterval, pValue } from './numbers.js';
import { bestIsKnown, hasEnough, isOff, isTooEarly, known, leaderOf, standingOf } from './view.js';

const clamp = (share) => Math.min(1, Math.max(0, share));

/** The variant that the headline speaks of. */
function subjectOf(view) {
  const won = view.variants.find((arm) => arm.version === view.verdict?.winner);
  return won ?? leaderOf(view);
}

function difference(view, arm) {
  const label = `${arm.version} against ${view.champion.version}`;
  return { label, value: points(arm.difference), beneath: pointsInterval(arm.difference_interval) };
}

function standing(view, arm) {
  const { kind, at, needed, share } = standingOf(view, arm);
  if (kind === 'e')
    return {
      label: 'Evidence, last week’s end',
      value: odds(at),
      beneath: `${odds(needed)} is needed`,
      share,
    };
  if (kind === 'z')
    return {
      label: 'z, last week’s end',
      value: known(at) ? fixed(at, 2) : '–',
      beneath: known(needed) ? `${fixed(needed, 2)} is needed` : 'no look yet',
      share,
    };
  const { p_value: p, ln_p_value: lnP, cramers_v: v } = view.evidence;
  return {
    label: 'p, all arms',
    value: pValue(p, lnP),
    beneath: `Cramér’s V ${known(v) ? fixed(v, 3) : '–'}`,
  };
}

function votes(view) {
  const on = view.arms.filter((arm) => !isOff(arm));
  const least = Math.min(...(on.length ? on : view.arms).map((arm) => arm.first_votes));
  return {
    label: 'First votes, fewest of an arm',
    value: count(least),
    beneath: `of ${count(view.needed)} planned`,
    share: clamp(least / view.needed),
  };
}

function days({ test }) {
  return {
    label: 'Days',
    value: count(Math.floor(test.days_running)),
    beneath: `${count(test.duration_min_days)} at least, ${count(test.duration_max_days)} at most`,
    share: clamp(test.days_running / test.duration_max_days),
  };
}

const isYoung = (view) => view.phase === 'running' && isTooEarly(view);

function split({ evidence }) {
  const { srm, differential_response: response } = evidence;
  const broken = srm.ln_e_value_max >= Math.log(1000);
  return {
    label: broken ? 'Evidence against the split' : 'Evidence against like voting',
    value: odds(broken ? srm.ln_e_value_max : response.ln_e_value),
    beneath: broken ? '1,000 : 1 is too much' : '100 : 1 is too much',
  };
}

/**
 * Only what there are votes enough for: a test that has just begun has no difference to show.
 *
 * @param {ReturnType<typeof import('./view.js').viewOf>} view
 * @returns {{label: string, value: string, beneath: string, share?: number|null}[]}
 */
export function figuresOf(view) {
  const arm = subjectOf(view);
  if (view.phase === 'invalid') return [split(view), votes(view), days(view)];
  if (!arm || !view.evidence || !hasEnough(view, arm) || isYoung(view))
    return [votes(view), days(view)];
  const best = {
    label: `Chance that ${arm.version} is best`,
    value: chance(arm.best_ratio),
    beneath: 'by Bayes: evidence, not a rule',
  };
  return [
    difference(view, arm),
    standing(view, arm),
    bestIsKnown(view) ? best : days(view),
    votes(view),
  ];
}
