/**
 * A test as the page looks at it: the report of llmlearn_ab_tests joined with what is on record
 * about it. Nothing is estimated here; where the library says null, this says null.
 */

/** Below this e-value against the split nothing is unusual; at the library's limit it is broken. */
const SRM_ODD_LN = Math.log(10);
const SRM_BROKEN_LN = Math.log(1000);
const RESPONSE_BROKEN_LN = Math.log(100);
const RESPONSE_APART_MAX = 0.1;

/** @returns {boolean} a finite number */
export const known = (value) => typeof value === 'number' && Number.isFinite(value);

/** What a look said, as `test.evidence` says it for a running test. */
function evidenceOf(test, verdict, override) {
  if (test.evidence) return test.evidence;
  if (verdict) return verdict;
  const then = override?.receipt.evidence;
  return then
    ? { ...then, blockers: override.receipt.blockers, advisories: override.receipt.advisories }
    : null;
}

function phaseOf(test, verdict) {
  if (test.status === 'decided') return verdict?.verdict ?? 'decided';
  return test.status;
}

function joinArms(test, evidence) {
  return test.arms.map((arm) => ({ ...arm, ...evidence?.arms.find((one) => one.arm === arm.arm) }));
}

/** Changes of the champion after a verdict, oldest first: what became of its winner. */
function changesSince(decision, decisions) {
  if (!decision) return [];
  return decisions
    .filter((one) => one.to !== null && one.decision_id > decision.decision_id)
    .reverse();
}

/** @returns {{waits: boolean, promotion: object|null, takenBack: object|null}} of the winner */
function fateOf(verdict, champion, changes) {
  const winner = verdict?.winner ?? null;
  const [first, second] = changes;
  const promotion = winner && first?.to === winner ? first : null;
  return {
    waits: winner !== null && winner !== champion.version && !first,
    promotion,
    takenBack: promotion && second?.kind === 'rollback' ? second : null,
  };
}

/**
 * @param {object} test of `llmlearn_ab_tests`
 * @param {object[]} decisions of its signal, newest first
 * @returns {object} `phase` is "running", "stopped", "winner", "no_difference" or "invalid";
 *   "decided" if its verdict is not among the decisions. `evidence` is null where none was kept.
 */
export function viewOf(test, decisions) {
  const ours = decisions.filter((one) => one.test_id === test.test_id);
  const decision = decisions.find((one) => one.decision_id === test.decision_id) ?? null;
  const verdict = decision?.receipt ?? null;
  const override =
    decisions.find((one) => one.receipt?.override && one.receipt.test_id === test.test_id) ?? null;
  const evidence = evidenceOf(test, verdict, override);
  const arms = joinArms(test, evidence);
  const champion = arms.find((arm) => arm.champion);
  return {
    test,
    evidence,
    decision,
    verdict,
    override,
    stop: ours.find((one) => one.kind === 'stop') ?? null,
    ...fateOf(verdict, champion, changesSince(decision, decisions)),
    phase: phaseOf(test, verdict),
    arms,
    champion,
    variants: arms.filter((arm) => !arm.champion).sort(byDifference),
    blockers: evidence?.blockers ?? [],
    advisories: evidence?.advisories ?? [],
    needed: votesNeeded(test),
  };
}

/** The best first; then those without a difference; what is switched off is no candidate: last. */
const byDifference = (a, b) =>
  isOff(a) - isOff(b) || (b.difference ?? -Infinity) - (a.difference ?? -Infinity) || a.arm - b.arm;

/** First votes that each arm of equal shares needs: the plan's, for the rules that have one. */
function votesNeeded(test) {
  if (test.rule === 'classic') return test.trials_min;
  return Math.max(test.trials_min, test.trials_planned ?? 0);
}

export const isOff = (arm) => arm.off || Boolean(arm.off_since);

/** Are there votes enough in this arm and the champion's to say anything about it in numbers? */
export function hasEnough(view, arm) {
  const least = Math.min(arm.first_votes, view.champion.first_votes);
  return known(arm.difference) && least >= view.test.trials_min;
}

/** Chances to be best are shares of one whole: they mean little while any arm has few votes. */
export const bestIsKnown = (view) => view.variants.every((arm) => hasEnough(view, arm));

/** First votes that are missing until numbers mean something. */
export const votesMissing = (view, arm) =>
  Math.max(0, view.test.trials_min - Math.min(arm.first_votes, view.champion.first_votes));

/** Over for good: what was too little stays too little. */
export const isOver = ({ phase }) => phase !== 'running';

/** Has a running test not yet the days or the votes without which its rule decides nothing? */
export function isTooEarly({ test, arms }) {
  const least = Math.min(
    ...arms.filter((arm) => test.rule === 'classic' || !isOff(arm)).map((arm) => arm.first_votes),
  );
  return test.days_running < test.duration_min_days || least < test.trials_min;
}

/** The variant with the highest rate among those that are on; null: nobody has voted yet. */
export function leaderOf(view) {
  const rated = view.variants.filter((arm) => !isOff(arm) && known(arm.difference));
  return rated.reduce(
    (best, arm) => (!best || arm.difference > best.difference ? arm : best),
    null,
  );
}

// ---- how near a variant is to winning, by the rule of the test

/** A rule that goes by weeks has seen nothing before the first week is over. */
const seen = (arm, value) => (arm.first_votes_seen === 0 || !known(value) ? null : value);

function alwaysValid(view, arm) {
  const needed = Math.log((view.arms.length - 1) / view.test.alpha);
  const at = seen(arm, arm.ln_e_value_week_end);
  return {
    kind: 'e',
    at,
    now: arm.ln_e_value,
    needed,
    share: known(at) ? clampShare(at / needed) : null,
    reached: known(at) && at >= needed && arm.difference > 0,
  };
}

function groupSequential(view, arm) {
  const z = seen(arm, arm.z);
  const bound = arm.bound ?? null;
  return {
    kind: 'z',
    at: z,
    needed: bound,
    share: known(z) && known(bound) ? clampShare(z / bound) : null,
    reached: known(z) && known(bound) && z >= bound,
  };
}

/** One look at all arms together: a variant wins if they differ enough and it has the best rate. */
function classic(view, arm) {
  const { p_value: p, cramers_v: v } = view.evidence ?? {};
  const differs = known(p) && p < view.test.alpha;
  const large = known(v) && v > view.test.effect_min;
  return {
    kind: 'p',
    at: arm.holm_p_champion,
    needed: view.test.alpha,
    share: null,
    reached: differs && large && isHighest(view, arm),
  };
}

const STANDINGS = { always_valid: alwaysValid, group_sequential: groupSequential, classic };

const clampShare = (share) => Math.min(1, Math.max(0, share));

const isHighest = (view, arm) =>
  view.arms.every((other) => other === arm || (other.positive_rate ?? 0) < arm.positive_rate);

/**
 * How far a variant is by a rule: the test's own or another.
 * @returns {{kind: "e"|"z"|"p", at: number|null, needed: number|null, share: number|null,
 *   reached: boolean}} e: natural logarithms; share: of the way to a win, 0..1
 */
export const standingOf = (view, arm, rule = view.test.rule) => STANDINGS[rule](view, arm);

// ---- a word for each row

const word = (text, tone, icon) => ({ word: text, tone, icon });

function wordWhenOver(view, arm) {
  if (arm.champion && view.verdict?.winner !== arm.version) return word('Champion', '', 'star');
  if (view.phase === 'invalid') return word('Not to be trusted', 'bad', 'warning');
  if (view.verdict?.winner === arm.version) return word('Winner', 'good', 'check');
  return null;
}

/** @returns {{word: string, tone: string, icon: string}} what is to be thought of an arm */
export function armWord(view, arm) {
  if (isOff(arm)) return word('Switched off', 'bad', 'cross');
  const over = wordWhenOver(view, arm);
  if (over) return over;
  if (!view.evidence) return word('Not compared', '', 'clock');
  if (!hasEnough(view, arm))
    return word(isOver(view) ? 'Too few votes' : 'Collecting votes', '', 'clock');
  if (view.phase === 'running' && standingOf(view, arm).reached && !isTooEarly(view))
    return word('Would win now', 'good', 'check');
  const [low, high] = arm.difference_interval ?? [-1, 1];
  if (low > 0) return word('Ahead', 'good', 'ahead');
  if (high < 0) return word('Behind', 'bad', 'behind');
  return word('Open', '', 'open');
}

// ---- the split

/** @returns {{word: string, tone: string, icon: string, says: string}} */
export function splitWord(evidence) {
  const ln = evidence?.srm?.ln_e_value_max;
  if (!known(ln)) return { ...word('Not known', '', 'clock'), says: 'No evidence was kept.' };
  if (evidence.srm.p_value === null)
    return { ...word('Not known', '', 'clock'), says: 'Too few readers.' };
  if (ln >= SRM_BROKEN_LN)
    return { ...word('Broken', 'bad', 'warning'), says: 'Readers do not come as planned.' };
  if (ln >= SRM_ODD_LN)
    return { ...word('Odd', 'warn', 'warning'), says: 'Not as planned, but that may be chance.' };
  return { ...word('As planned', 'good', 'check'), says: 'Chance explains the deviation.' };
}

/** The same for how often the arms' readers vote. */
export function responseWord(evidence) {
  const { ln_e_value: ln, apart } = evidence?.differential_response ?? {};
  if (!known(ln) || !known(apart))
    return { ...word('Not known', '', 'clock'), says: 'Too few votes.' };
  if (ln >= RESPONSE_BROKEN_LN && apart > RESPONSE_APART_MAX)
    return { ...word('Unlike', 'bad', 'warning'), says: 'One arm’s readers vote less often.' };
  if (evidence.srm?.ln_e_value_max >= SRM_BROKEN_LN)
    return {
      ...word('Not known', '', 'clock'),
      says: 'It cannot be told apart from the broken split.',
    };
  if (ln >= RESPONSE_BROKEN_LN)
    return {
      ...word('Alike', 'good', 'check'),
      says: 'They differ by less than the 10 % that count.',
    };
  if (ln >= SRM_ODD_LN)
    return {
      ...word('Odd', 'warn', 'warning'),
      says: 'Perhaps they vote unlike, perhaps by chance.',
    };
  return { ...word('Alike', 'good', 'check'), says: 'Readers of all arms vote as often.' };
}

// ---- champions

/** The champion of a signal, or null. */
export const championOf = (report, signal) =>
  report.champions.find((one) => one.signal === signal) ?? null;

/**
 * Which version a rollback leads to, found as the library does: back from the newest change, each
 * rollback cancels the promotion before it that is not cancelled yet.
 * @param {object[]} decisions of one signal, newest first
 * @returns {string|null} null: there was none before
 */
export function previousChampion(decisions) {
  let cancelled = 0;
  for (const one of decisions) {
    if (one.to === null) continue;
    if (one.kind === 'rollback') cancelled += 1;
    else if (cancelled > 0) cancelled -= 1;
    else return one.from;
  }
  return null;
}

/** Signals, in the order of the page: those with a running test first, then by name. */
export function signalsOf(report, variants = []) {
  const names = new Set();
  for (const one of [...report.champions, ...report.tests, ...variants]) names.add(one.signal);
  const running = new Set(
    report.tests.filter((test) => test.status === 'running').map((test) => test.signal),
  );
  return [...names].sort((a, b) => running.has(b) - running.has(a) || (a < b ? -1 : 1));
}

/** Drafts of a model that nobody has approved or rejected. */
export const draftsOf = (variants) =>
  variants.filter((one) => one.status === 'draft' && one.model && !one.approved_at);

/** Texts that may be arms of a new test; what a model wrote only after a person has read it. */
export const candidatesOf = (variants, champion) =>
  variants.filter(
    (one) =>
      one.version !== champion &&
      (one.status === 'active' || one.status === 'draft') &&
      (!one.model || one.approved_at),
  );
