/** The state of a test in a few words: how it is, how sure that is, and what to do. */
import { fixed, percent, points } from '../format.js';
import { daysInWords, lift, odds, pValue, sentence } from './numbers.js';
import { blockerWords, RULES, ruleName, STATUS_WORDS } from './words.js';
import { isOff, isOver, isTooEarly, known, leaderOf, standingOf } from './view.js';

/**
 * @typedef {{tone: string, pill: string, title: string, sure: string, todo: string,
 *   act?: "look"|"stop"}} Headline act: which button is the one to press
 */

const AHEAD_IS_NOT_WON = 'Being ahead is not winning: this can still turn.';

/** Sequential rules go by whole weeks; the votes since then do not count yet. */
const BY_THEN = 'by the end of the last week';

/** "evidence 4.2 of the 40 that it takes" */
export function standingInWords(view, arm, rule = view.test.rule) {
  const { kind, at, needed } = standingOf(view, arm, rule);
  if (!known(at)) return kind === 'e' ? 'no evidence before the first week is over' : 'no look yet';
  if (kind === 'e') return `evidence of ${odds(at)} ${BY_THEN}, where ${odds(needed)} is needed`;
  if (kind === 'z' && known(needed))
    return `z = ${fixed(at, 2)} ${BY_THEN}, where ${fixed(needed, 2)} is needed`;
  if (kind === 'z') return `z = ${fixed(at, 2)} ${BY_THEN}`;
  return `p = ${pValue(at)} against the champion`;
}

/** Before there is traffic to reckon with, the plan says whether a test can finish. */
export const cannotFinish = ({ evidence, test }) =>
  Boolean(evidence?.cannot_finish ?? false) ||
  (!known(evidence?.days_left) && test.plan?.cannot_finish === true);

function tooEarly(view, leader) {
  const { test } = view;
  const days = Math.ceil(test.duration_min_days - test.days_running);
  const left = view.evidence?.days_left;
  return {
    tone: '',
    pill: 'Running',
    title: 'Too early to say',
    sure: leader
      ? `${leader.version} has ${points(leader.difference)} so far; with so few votes that means little.`
      : 'Nobody has voted on enough of it yet.',
    todo:
      days > 0
        ? `Let it run: ${days === 1 ? 'a day' : `${days} days`} at least until it may be decided.`
        : `Let it run until each arm has ${test.trials_min} first votes` +
          (known(left) ? `, ${daysInWords(left)}.` : '.'),
  };
}

function broken(view) {
  const { title, todo } = blockerWords(view.blockers.find(isFatal));
  return {
    tone: 'bad',
    pill: 'Running',
    title: 'Do not trust these numbers',
    sure: `${title}. A look will end this test as invalid.`,
    todo,
    act: 'look',
  };
}

function wins(view, leader) {
  const blocked = view.blockers.length > 0;
  return {
    tone: 'good',
    pill: 'Running',
    title: `${leader.version} would win now`,
    sure: `${points(leader.difference)}; ${standingInWords(view, leader)}.`,
    todo: blocked
      ? 'Look now to decide. Promoting then waits for a person: see what speaks against it.'
      : 'Look now to decide the test.',
    act: 'look',
  };
}

function stuck(view) {
  return {
    tone: 'warn',
    pill: 'Running',
    title: 'This test cannot finish in time',
    sure: view.evidence?.cannot_finish
      ? 'At the traffic of the last days it does not get the votes that it needs.'
      : `So its plan says. ${sentence(view.test.plan.sentence)}`,
    todo: `Stop it, and test fewer variants or for a larger lift than ${lift(view.test.lift_min)}.`,
    act: 'stop',
  };
}

function open(view, leader) {
  const left = view.evidence?.days_left;
  const ahead = leader && leader.difference > 0;
  const going = known(left) ? `Let it run, ${daysInWords(left)} more.` : 'Let it run.';
  if (!ahead)
    return {
      tone: '',
      pill: 'Running',
      title: `No variant is ahead of ${view.champion.version}`,
      sure: leader
        ? `The best of them, ${leader.version}, has ${points(leader.difference)}.`
        : 'No variant has votes to compare.',
      todo: going,
    };
  const [low] = leader.difference_interval ?? [-1];
  return {
    tone: 'accent',
    pill: 'Running',
    title: `${leader.version} is ahead by ${points(leader.difference).replace('+', '')}`,
    sure:
      `Not decided: ${standingInWords(view, leader)}. ` +
      (low > 0 ? AHEAD_IS_NOT_WON : 'Chance alone could give as much.'),
    todo: going,
  };
}

export const isFatal = (blocker) => blocker === 'srm' || blocker === 'differential_response';

function running(view) {
  const leader = leaderOf(view);
  if (view.blockers.some(isFatal)) return broken(view);
  if (view.variants.every(isOff)) return allOff();
  if (!isTooEarly(view) && leader && standingOf(view, leader).reached) return wins(view, leader);
  if (cannotFinish(view)) return stuck(view);
  if (isTooEarly(view)) return tooEarly(view, leader);
  return open(view, leader);
}

const allOff = () => ({
  tone: 'bad',
  pill: 'Running',
  title: 'No variant is left',
  sure: 'The breaker has switched off all of them, for they failed too often.',
  todo: 'Look now to end the test, and mend those prompts.',
  act: 'look',
});

const quoted = (decision) => (decision.reason ? `: “${decision.reason}”` : '.');

/** A winner of which it is over what became of it. */
function settled(view) {
  const { verdict, promotion, takenBack } = view;
  const over = { tone: '', pill: 'Decided', sure: sentence(verdict.sentence) };
  if (takenBack)
    return {
      ...over,
      title: `${verdict.winner} won, and was rolled back`,
      todo: `${takenBack.actor} went back to ${takenBack.to}${quoted(takenBack)}`,
    };
  if (promotion)
    return {
      ...over,
      tone: 'good',
      title: `${verdict.winner} won and was promoted`,
      todo: 'Nothing. If readers complain, roll back.',
    };
  return {
    ...over,
    title: `${verdict.winner} won, but was not promoted`,
    todo: 'Nothing: another prompt was made champion since.',
  };
}

function winner(view) {
  const { winner: version, promotable } = view.verdict;
  const isChampion = version === view.champion.version;
  if (!isChampion && !view.waits) return settled(view);
  return {
    tone: isChampion ? '' : 'good',
    pill: 'Decided',
    title: isChampion ? `The champion ${version} won` : `${version} won, and waits for you`,
    sure: sentence(view.verdict.sentence),
    todo: winnerTodo(isChampion, promotable, version),
  };
}

function winnerTodo(isChampion, promotable, version) {
  if (isChampion) return 'Nothing: it goes on serving everybody.';
  if (promotable) return `Promote ${version}: nothing speaks against it.`;
  return 'Read what speaks against it. Then promote it by hand, or leave the champion.';
}

function over(view, title, todo) {
  return { tone: '', pill: 'Decided', title, sure: sentence(view.verdict.sentence), todo };
}

function stopped(view) {
  const { stop, override, champion } = view;
  const who = stop ? `${stop.actor} stopped it` : 'It was stopped';
  return {
    tone: '',
    pill: 'Stopped',
    title: 'Stopped without a verdict',
    sure: `${who}${stop?.reason ? `: “${stop.reason}”` : '.'}`,
    todo: override
      ? `${override.to} was promoted against it, by hand.`
      : `Nothing: ${champion.version} went on serving everybody.`,
  };
}

/** @returns {Headline} */
export function headlineOf(view) {
  const stays = `${view.champion.version} stays`;
  switch (view.phase) {
    case 'running':
      return running(view);
    case 'winner':
      return winner(view);
    case 'no_difference':
      return over(view, `No difference shown: ${stays}`, nextTest(view));
    case 'invalid':
      return { ...over(view, `Invalid: ${stays}`, fatalTodo(view)), tone: 'bad' };
    case 'stopped':
      return stopped(view);
    default:
      return {
        tone: '',
        pill: 'Decided',
        title: 'Decided',
        sure: 'Its verdict is further back in the history.',
        todo: '',
      };
  }
}

const nextTest = ({ verdict }) =>
  verdict.advisories.includes('v_gate_blocks')
    ? 'If a few points matter to you, test again by a sequential rule.'
    : 'Try a bolder variant next.';

function fatalTodo({ blockers }) {
  const found = blockers.find(isFatal);
  return found ? blockerWords(found).todo : 'Find out why, and start the test again.';
}

// ---- what each rule says

/** "v1 has won", "v1, v2 and v3 have won" */
function haveWon(arms) {
  const names = arms.map((arm) => arm.version).join(', ');
  return `${names.replace(/, ([^,]*)$/, ' and $1')} ${arms.length > 1 ? 'have' : 'has'} won`;
}

function classicSays(view) {
  const { p_value: p, ln_p_value: lnP, cramers_v: v } = view.evidence;
  const least = view.arms.reduce((a, b) => (b.first_votes < a.first_votes ? b : a));
  if (!known(p) || least.first_votes < view.test.trials_min)
    return {
      meets: null,
      says: `${isOver(view) ? 'It cannot say' : 'It would wait'}: ${least.version} has ${least.first_votes} of the ${view.test.trials_min} first votes that each arm needs.`,
    };
  const won = view.arms.find((arm) => standingOf(view, arm, 'classic').reached);
  const numbers =
    `p = ${pValue(p, lnP)} (needs < ${view.test.alpha}), ` +
    `Cramér’s V = ${fixed(v, 3)} (needs > ${view.test.effect_min})`;
  if (won) return { meets: true, says: `${won.version} has won. ${numbers}.` };
  return { meets: false, says: `No winner. ${numbers}.` };
}

const noWeek = (view, what) =>
  isOver(view)
    ? `No ${what}: the test ended before its first week was over.`
    : `No ${what} yet: its first week is not over.`;

function alwaysValidSays(view) {
  const on = view.variants.filter(
    (arm) => !isOff(arm) && known(standingOf(view, arm, 'always_valid').at),
  );
  if (!on.length) return { meets: null, says: noWeek(view, 'evidence') };
  const won = on.filter((arm) => standingOf(view, arm, 'always_valid').reached);
  if (won.length)
    return {
      meets: true,
      says: `${haveWon(won)}: ${won.length > 1 ? `${won[0].version} by ` : ''}${standingInWords(view, won[0], 'always_valid')}.`,
    };
  const best = on.reduce((a, b) => (b.ln_e_value_week_end > a.ln_e_value_week_end ? b : a));
  return {
    meets: false,
    says: `No winner. ${best.version}, the nearest, has ${standingInWords(view, best, 'always_valid')}.`,
  };
}

function groupSequentialSays(view) {
  const on = view.variants.filter(
    (arm) => !isOff(arm) && known(standingOf(view, arm, 'group_sequential').at),
  );
  if (!on.length) return { meets: null, says: noWeek(view, 'look') };
  const best = on.reduce((a, b) => (b.z > a.z ? b : a));
  if (!known(best.bound))
    return {
      meets: null,
      says:
        view.test.rule === 'group_sequential'
          ? `${best.version}, the nearest, has z = ${fixed(best.z, 2)}; its bound is set by the next look.`
          : `It cannot say: this test planned no looks. ${best.version} has z = ${fixed(best.z, 2)}.`,
    };
  const meets = standingOf(view, best, 'group_sequential').reached;
  const numbers = standingInWords(view, best, 'group_sequential');
  return {
    meets,
    says: `${meets ? `${best.version} has won` : `No winner. ${best.version}, the nearest, has`}${meets ? ': ' : ' '}${numbers}.`,
  };
}

const SPEAKERS = {
  classic: classicSays,
  group_sequential: groupSequentialSays,
  always_valid: alwaysValidSays,
};

/**
 * What each rule says of the same votes; the test's own comes first.
 * @returns {{rule: string, name: string, own: boolean, meets: boolean|null, says: string}[]}
 */
export function opinionsOf(view) {
  if (!view.evidence) return [];
  const { rule } = view.test;
  const order = [rule, ...Object.keys(RULES).filter((name) => name !== rule)];
  return order.map((name) => ({
    rule: name,
    name: ruleName(name),
    own: name === rule,
    ...SPEAKERS[name](view),
  }));
}

// ---- may it be promoted?

function reasonsAgainst(view, version) {
  if (view.phase === 'running') return ['The test has not decided yet.'];
  if (view.phase === 'stopped') return ['The test was stopped without a verdict.'];
  if (view.phase === 'invalid') return ['The test is invalid: its data cannot be trusted.'];
  if (view.phase === 'no_difference')
    return [
      `The test showed no difference (${STATUS_WORDS[view.verdict.status] ?? view.verdict.status}).`,
    ];
  if (view.verdict?.winner !== version)
    return [`It is not the winner; ${view.verdict?.winner} is.`];
  const reasons = view.blockers.map((one) => `${blockerWords(one).title}.`);
  if (!reasons.length && !view.verdict.promotable)
    reasons.push('It won, but does not beat the champion in a direct comparison.');
  return reasons;
}

/**
 * May a version be promoted, and what would that go against?
 * @param {string|null} serving the champion of the signal now
 * @returns {{state: "champion"|"deserved"|"override", reasons: string[]}}
 */
export function promotionOf(view, version, serving) {
  if (version === serving) return { state: 'champion', reasons: ['It is the champion already.'] };
  if (view.promotion?.to === version)
    return { state: 'override', reasons: ['It was promoted before, and another one since.'] };
  const reasons = reasonsAgainst(view, version);
  return { state: reasons.length ? 'override' : 'deserved', reasons };
}

/** One line for a row: "61.1 % of 719". */
export const rateInWords = (arm) =>
  `${percent(arm.positive_rate)} of ${arm.first_votes} first votes`;
