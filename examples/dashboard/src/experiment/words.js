/** What the library's words mean, and what to do about them. Nothing here calculates. */

/** @type {Record<string, {name: string, gist: string, choose: string, look: string}>} */
export const RULES = {
  classic: {
    name: 'Classic',
    gist: 'chi-square and effect size, looked at once',
    choose:
      'A chi-square test that everybody knows, looked at once. It sees large effects only: ' +
      'some 10 points between two variants.',
    look:
      'A classic look is final. The first look after the minimum days, with enough votes in every ' +
      'arm, decides the test for good; before that it changes nothing.',
  },
  group_sequential: {
    name: 'Group sequential',
    gist: 'z against a bound, one look a week',
    choose:
      'The best power if you know how many votes will come. Looks once a week, may end early.',
    look:
      'One look a week counts; another one in the same week changes nothing. A look that reaches ' +
      'its bound ends the test.',
  },
  always_valid: {
    name: 'Always valid',
    gist: 'e-values, may be watched at any time',
    choose:
      'For a test that people watch, or that has no planned end. May be looked at at any time; ' +
      'the planned difference takes 1.6 times the votes.',
    look:
      'You may look as often as you like. A look ends the test if a variant had enough evidence ' +
      'at the end of the last whole week.',
  },
};

export const ruleName = (rule) => RULES[rule]?.name ?? rule;

/** What keeps a winner from being promoted without a person. */
const BLOCKERS = {
  srm: {
    title: 'The split is broken',
    means:
      'The readers did not come to the arms by the planned shares, so the arms cannot be compared.',
    todo: 'Look for rows that are lost or logged for the wrong arm, mend that, and start the test again.',
  },
  differential_response: {
    title: 'Readers of the arms do not vote alike often',
    means:
      'One wording makes more readers vote than another, so those who vote are not the same kind of people.',
    todo: 'See whether one text hides or delays the voting buttons. Mend that, and start the test again.',
  },
  cached_share: {
    title: 'Many texts came out of a cache',
    means: 'More than 5 % of an arm’s explanations were not written for this test.',
    todo: 'Put the version into the key of your cache, or switch the cache off while the test runs.',
  },
  contamination: {
    title: 'Too many readers met two arms',
    means: 'They do not count, and those who are left may not be like all readers.',
    todo: 'Pass the same unit for the same reader, on every device and in every process.',
  },
  switched_off: {
    title: 'The breaker has switched this variant off',
    means: 'It failed far more often than the champion.',
    todo: 'See why its prompt fails before you promote it.',
  },
  guardrail_latency: {
    title: 'It is slower',
    means: 'Its latency is shown to be more than 20 % above the champion’s.',
    todo: 'Promote it only if its readers may wait that long, or shorten what it asks for.',
  },
  guardrail_cost: {
    title: 'It costs more',
    means: 'An explanation is shown to cost over 20 % more than the champion’s.',
    todo: 'Promote it only if the votes are worth the money.',
  },
  guardrail_failures: {
    title: 'It fails more often',
    means: 'It is shown to fail more often than the champion, by over 1 point.',
    todo: 'See why it fails: a placeholder, the length, a refusal of the model.',
  },
  guardrail_rating: {
    title: 'It gets fewer stars',
    means:
      'Its rating is shown to be over 0.1 stars below the champion’s, though more find it helpful.',
    todo: 'Read the comments of those who gave few stars.',
  },
};

/** What an expert would want to know before believing the numbers. */
const ADVISORIES = {
  v_gate_blocks: {
    title: 'Too small an effect for the classic rule',
    means:
      'The arms differ, but Cramér’s V is below its limit, and more votes will not change that.',
    todo: 'If a few points matter to you, test again by a sequential rule, or with a lower limit.',
  },
  winner_not_separated: {
    title: 'The best is not clearly above the next best',
    means:
      'The arms differ as a whole, but by chance alone the highest rate could be as far above that ' +
      'of the second best, or of the champion.',
    todo: 'Another arm may be as good. To know which of them is better, test those two alone.',
  },
  low_expected: {
    title: 'Few votes in some cells',
    means: 'An expected count is below 5, so the p-value is only about right.',
    todo: 'While the test runs, wait for more votes.',
  },
  clustered: {
    title: 'Readers vote more than once',
    means:
      'All votes together look surer than they are. The verdict counts first votes, so it holds.',
    todo: 'Nothing. Do not decide by the rate over all votes.',
  },
  mismatches: {
    title: 'Rows claim a wrong arm',
    means:
      'At least 1 % of the rows name an arm that their reader does not belong to. They do not count.',
    todo: 'Log each explanation with the assignment that it was made from.',
  },
  arm_switched_off: {
    title: 'A variant is switched off',
    means: 'The breaker did so, for it failed too often. Its readers get the champion’s prompt.',
    todo: 'Nothing for this test, which is decided without it. Mend that prompt before you test it again.',
  },
};

const unknown = (word) => ({
  title: word,
  means: 'This page does not know more about it.',
  todo: '',
});

export const blockerWords = (word) => BLOCKERS[word] ?? unknown(word);
export const advisoryWords = (word) => ADVISORIES[word] ?? unknown(word);

/** The four guardrails, in the order of the page. */
export const GUARDRAILS = [
  { key: 'latency', name: 'Latency', limit: 'at most 20 % above the champion’s' },
  { key: 'cost', name: 'Cost', limit: 'at most 20 % above the champion’s' },
  { key: 'failures', name: 'Failures', limit: 'at most 1 point above the champion’s' },
  { key: 'rating', name: 'Rating', limit: 'at most 0.1 stars below the champion’s' },
];

/** pass: shown to be no worse; fail: shown to be worse; unknown: too few data to tell. */
export const GUARDRAIL_STATES = {
  pass: { word: 'Within its limit', tone: 'good', icon: 'check' },
  fail: { word: 'Beyond its limit', tone: 'bad', icon: 'cross' },
  unknown: { word: 'Not known yet', tone: '', icon: 'clock' },
};

/** Kinds of decisions. */
export const DECISION_KINDS = {
  start: { word: 'Test started', tone: 'accent' },
  verdict: { word: 'Verdict', tone: 'accent' },
  promotion: { word: 'Promotion', tone: 'good' },
  rollback: { word: 'Rollback', tone: 'warn' },
  stop: { word: 'Test stopped', tone: '' },
  archive: { word: 'Archived', tone: '' },
  breaker: { word: 'Switched off', tone: 'bad' },
};

export const VERDICTS = {
  keep_going: 'Not decided yet',
  winner: 'Winner',
  no_difference: 'No difference',
  invalid: 'Invalid',
};

/** Reasons for a verdict in the rule's own word. */
export const STATUS_WORDS = {
  running: 'too early',
  insufficient_sample: 'too few votes',
  insufficient_variants: 'too few arms with votes',
  between_looks: 'this week had its look',
  not_yet: 'nothing shown yet',
  winner: 'a winner',
  no_difference: 'no difference',
  not_significant: 'not significant',
  effect_too_small: 'the effect is too small',
  tie: 'a tie',
  planned_votes_reached: 'all planned votes are in',
  time_is_up: 'the time is up',
  switched_off: 'every variant is switched off',
  srm: 'the split is broken',
  differential_response: 'readers of the arms do not vote alike often',
};
