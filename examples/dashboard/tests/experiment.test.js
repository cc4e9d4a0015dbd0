import { describe, expect, it } from 'vitest';
import { diffWords } from '../src/experiment/diff.js';
import { figuresOf } from '../src/experiment/figures.js';
import {
  chance,
  daysInWords,
  sentence,
  eValue,
  odds,
  pointsInterval,
  pValue,
} from '../src/experiment/numbers.js';
import { headlineOf, opinionsOf, promotionOf } from '../src/experiment/verdict.js';
import {
  bestIsKnown,
  armWord,
  candidatesOf,
  draftsOf,
  hasEnough,
  leaderOf,
  previousChampion,
  responseWord,
  signalsOf,
  splitWord,
  standingOf,
  viewOf,
} from '../src/experiment/view.js';
import { advisoryWords, blockerWords } from '../src/experiment/words.js';
import { library, setArm, testOf, viewOfSignal } from './abTests.js';

const GAP = '\u00a0'; // between a number and its unit
const LN_40 = Math.log(2 / 0.05); // what always_valid needs of two variants at alpha 0.05

/** BUY's running test with g1.1 so far on its way. */
const buyAt = (lnE, more = {}) =>
  viewOfSignal('BUY', (test) => setArm(test, 'g1.1', { ln_e_value_week_end: lnE, ...more }));

describe('numbers', () => {
  it.each([
    ['takes about 2.41e+03 days.', 'takes about 2,410 days.'],
    ['an e-value over 1e+299', 'an e-value over 1.0 × 10²⁹⁹'],
    ['p = 2.3e-05, z = -0.52 (-1.5)', 'p = 2.3 × 10⁻⁵, z = −0.52 (−1.5)'],
    ['v1-2 and g-1 on 2026-11-27: 25.9', 'v1-2 and g-1 on 2026-11-27: 25.9'],
  ])('in a sentence of the library: %s', (text, shown) => {
    expect(sentence(text)).toBe(shown.replaceAll(' × ', '\u00a0×\u00a0'));
  });
  it.each([
    [0, '1'],
    [Math.log(21.34), '21.3'],
    [Math.log(40), '40'],
    [Math.log(4200), '4,200'],
    [Math.log(1e12), '1.0 × 10¹²'],
    [3000, '7.6 × 10¹³⁰²'],
    [Math.log(0.5), '0.5'],
    [-50, 'under 0.01'],
    [null, '–'],
    [NaN, '–'],
  ])('an e-value whose logarithm is %s is %s', (ln, text) =>
    expect(eValue(ln)).toBe(text.replaceAll(' × ', `${GAP}×${GAP}`)),
  );

  it('keeps evidence on one line', () => {
    expect(odds(Math.log(1.5e16))).toBe('1.5 × 10¹⁶ : 1'.replaceAll(' ', GAP));
  });

  it.each([
    [0.0123, null, '0.012'],
    [0.00028, null, '0.00028'],
    [3.1e-12, null, '3.1 × 10⁻¹²'],
    [0, -800, '3.7 × 10⁻³⁴⁸'],
    [0, null, 'under 10⁻³⁰⁰'],
    [1, 0, '1'],
    [null, null, '–'],
  ])('p %s is %s', (p, lnP, text) =>
    expect(pValue(p, lnP)).toBe(text.replaceAll(' × ', `${GAP}×${GAP}`)),
  );

  it('says chances by their ends where nobody could tell', () => {
    expect([0.9999, 0.00001, 0.5, null].map(chance)).toEqual([
      `> 99.9${GAP}%`,
      `< 0.1${GAP}%`,
      `50.0${GAP}%`,
      '–',
    ]);
  });

  it('writes intervals with signs, and what is null as nothing', () => {
    expect(pointsInterval([-0.01, 0.12])).toBe(`−1.0 to +12.0${GAP}pts`);
    expect([null, [0.1, null], undefined].map(pointsInterval)).toEqual(['–', '–', '–']);
  });

  it('does not pretend to know days to the day when they are many', () => {
    expect([0.4, 1, 10.2, 2474, 1e9, null].map(daysInWords)).toEqual([
      'less than a day',
      'about 1 day',
      'about 11 days',
      'about 81 months',
      'more than 10 years',
      'unknown',
    ]);
  });
});

describe('how near a variant is to a win', () => {
  it('is over at the very e-value that the rule needs, and not before', () => {
    expect(standingOf(buyAt(LN_40), find(buyAt(LN_40), 'g1.1')).reached).toBe(true);
    const before = buyAt(LN_40 - 1e-9);
    expect(standingOf(before, find(before, 'g1.1')).reached).toBe(false);
  });

  it('goes by the end of the last whole week, not by today', () => {
    const view = buyAt(0.1, { ln_e_value: 50 });
    expect(standingOf(view, find(view, 'g1.1')).reached).toBe(false);
  });

  it('needs a rate above the champion’s', () => {
    const view = buyAt(50, { difference: -0.01 });
    expect(standingOf(view, find(view, 'g1.1')).reached).toBe(false);
  });

  it('is unknown before the first week is over', () => {
    const view = buyAt(0, { first_votes_seen: 0 });
    expect(standingOf(view, find(view, 'g1.1'))).toMatchObject({
      at: null,
      share: null,
      reached: false,
    });
  });

  it('compares z with its bound, and says nothing without one', () => {
    const at = (z, bound) => {
      const view = viewOfSignal('COVER', (test) => setArm(test, 'v1.1', { z, bound }));
      return standingOf(view, find(view, 'v1.1'));
    };
    expect(at(2.3, 2.2)).toMatchObject({ kind: 'z', reached: true, share: 1 });
    expect(at(1.1, 2.2)).toMatchObject({ reached: false, share: 0.5 });
    expect(at(9, null)).toMatchObject({ reached: false, share: null });
  });

  it('asks of the classic rule both p and the effect, and the best rate', () => {
    const at = (p, v, version = 'v1.1') => {
      const view = viewOfSignal('HOLD', (test, decisions) => {
        const { receipt } = decisions.find((one) => one.kind === 'verdict');
        Object.assign(receipt, { p_value: p, cramers_v: v });
      });
      return standingOf(view, find(view, version)).reached;
    };
    expect(at(0.01, 0.2)).toBe(true);
    expect(at(0.06, 0.2)).toBe(false);
    expect(at(0.01, 0.1)).toBe(false);
    expect(at(0.01, 0.2, 'v1.0')).toBe(false);
  });
});

it('an arm that is switched off leads nobody, and makes no chance of the others', () => {
  const off = viewOfSignal('BUY', (test) =>
    setArm(test, 'g1.1', { off: true, difference: 0.2, first_votes: 8 }),
  );
  expect(off.variants.map((arm) => arm.version)).toEqual(['g1.2', 'g1.1']);
  expect(bestIsKnown(off)).toBe(false);
  expect(figuresOf(off).map(({ label }) => label)).not.toContain('Chance that g1.2 is best');
  expect(bestIsKnown(viewOfSignal('BUY'))).toBe(true);
});

it('names all whom the always valid rule lets win', () => {
  const both = viewOfSignal('BUY', (test) => {
    for (const version of ['g1.1', 'g1.2'])
      setArm(test, version, { ln_e_value_week_end: 5, difference: 0.1 });
  });
  const says = (view) => opinionsOf(view).find((one) => one.rule === 'always_valid').says;
  expect(says(both)).toMatch(/^g1\.[12] and g1\.[12] have won: g1\.[12] by evidence of/);
  expect(says(buyAt(5))).toMatch(/^g1\.1 has won: evidence of/);
});

it('does not say of a winner that is not clear of the second best that it is not of the champion', () => {
  expect(advisoryWords('winner_not_separated').means).toContain('second best, or of the champion');
});

it('says by when the evidence of a sequential rule came', () => {
  expect(headlineOf(buyAt(2)).sure).toContain('by the end of the last week');
});

const find = (view, version) => view.arms.find((arm) => arm.version === version);

describe('the headline', () => {
  const titles = {
    BUY: 'g1.1 is ahead by',
    SELL: 'v1.1 won, and waits for you',
    HOLD: 'No difference shown: v1.0 stays',
    SHORT: 'Invalid: v1.0 stays',
    COVER: 'This test cannot finish in time',
    REDUCE: 'Stopped without a verdict',
    ADD: 'Too early to say',
  };
  it.each(Object.entries(titles))('of %s is “%s”', (signal, title) => {
    expect(headlineOf(viewOfSignal(signal)).title).toContain(title);
  });

  it('never says “ahead” of a variant behind the champion', () => {
    const view = viewOfSignal('BUY', (test) => {
      for (const version of ['g1.1', 'g1.2'])
        setArm(test, version, { difference: -0.05, difference_interval: [-0.1, -0.01] });
    });
    expect(headlineOf(view).title).toBe('No variant is ahead of v1.1');
  });

  it('says that chance could give as much where the interval holds zero', () => {
    const at = (low) =>
      headlineOf(buyAt(1, { difference: 0.05, difference_interval: [low, 0.1] })).sure;
    expect(at(-0.001)).toContain('Chance alone could give as much');
    expect(at(0.001)).toContain('can still turn');
  });

  it('says that a variant would win, and asks for a look', () => {
    expect(headlineOf(buyAt(LN_40))).toMatchObject({ title: 'g1.1 would win now', act: 'look' });
  });

  it('writes the numbers of the library’s sentences as its own', () => {
    const { sure } = headlineOf(
      viewOfSignal('SELL', (test, decisions) => {
        const verdict = decisions.find((one) => one.decision_id === test.decision_id);
        verdict.receipt.sentence = 'z = -0.5';
      }),
    );
    expect(sure).toBe('z = −0.5');
  });
  it('trusts no winner while the split is broken', () => {
    const view = viewOfSignal('BUY', (test) => {
      setArm(test, 'g1.1', { ln_e_value_week_end: 50 });
      test.evidence.blockers = ['srm'];
    });
    expect(headlineOf(view)).toMatchObject({ tone: 'bad', title: 'Do not trust these numbers' });
  });

  it('does not call a winner before the minimum of days', () => {
    const view = viewOfSignal('BUY', (test) => {
      setArm(test, 'g1.1', { ln_e_value_week_end: 50 });
      test.days_running = 3;
    });
    expect(headlineOf(view).title).toBe('Too early to say');
    expect(armWord(view, find(view, 'g1.1')).word).not.toBe('Would win now');
  });

  it('says when the breaker has left no variant', () => {
    const view = viewOfSignal('HEDGE', (test) => {
      for (const version of ['v1.1', 'v1.2']) setArm(test, version, { off: true });
    });
    expect(headlineOf(view).title).toBe('No variant is left');
  });

  it('of a decided test repeats the library’s own sentence', () => {
    const { verdict } = viewOfSignal('SELL');
    expect(headlineOf(viewOfSignal('SELL')).sure).toBe(verdict.sentence);
  });

  it('knows a winner that was promoted', () => {
    const { test, decisions } = oldTestOf('BUY');
    expect(headlineOf(viewOf(test, decisions)).title).toBe('v1.1 won and was promoted');
  });

  it.each([
    [[], 'v1.1 won, and waits for you', true],
    [[['promotion', 'v1.0', 'v1.1']], 'v1.1 won and was promoted', false],
    [
      [
        ['promotion', 'v1.0', 'v1.1'],
        ['rollback', 'v1.1', 'v1.0'],
      ],
      'v1.1 won, and was rolled back',
      false,
    ],
    [[['promotion', 'v1.0', 'v9']], 'v1.1 won, but was not promoted', false],
  ])('of a winner says what became of it: %j', (changes, title, waits) => {
    const view = viewOfSignal('SELL', (test, decisions) => {
      for (const [kind, from, to] of changes)
        decisions.unshift({
          decision_id: decisions[0].decision_id + 1,
          kind,
          from,
          to,
          actor: 'ann',
        });
    });
    expect(headlineOf(view).title).toBe(title);
    expect(view.waits).toBe(waits);
  });

  it('warns before there is traffic, if the plan says that it cannot finish', () => {
    const view = viewOfSignal('ADD', (test) => {
      test.evidence.days_left = null;
      test.evidence.cannot_finish = false;
      test.plan.cannot_finish = true;
    });
    expect(headlineOf(view)).toMatchObject({
      title: 'This test cannot finish in time',
      act: 'stop',
    });
    expect(headlineOf(view).sure).toContain(view.test.plan.sentence);
  });

  it('gets by without the verdict of a test that is far back', () => {
    const { test } = testOf('HOLD');
    expect(headlineOf(viewOf(test, [])).title).toBe('Decided');
  });
});

function oldTestOf(signal) {
  const from = library();
  const test = from.ab_tests.tests.findLast((one) => one.signal === signal);
  return { test, decisions: from.decisions.decisions.filter((one) => one.signal === signal) };
}

describe('the word for an arm', () => {
  const wordFor = (signal, version, change) => {
    const view = viewOfSignal(signal, change);
    return armWord(view, find(view, version)).word;
  };
  it('says what it is', () => {
    expect(wordFor('BUY', 'v1.1')).toBe('Champion');
    expect(wordFor('SELL', 'v1.1')).toBe('Winner');
    expect(wordFor('SHORT', 'v1.1')).toBe('Not to be trusted');
    expect(wordFor('HEDGE', 'v1.2')).toBe('Switched off');
    expect(wordFor('COVER', 'v1.1')).toBe('Collecting votes');
    const stop = (test) => Object.assign(test, { status: 'stopped' });
    expect(wordFor('COVER', 'v1.1', stop)).toBe('Too few votes');
  });
  it.each([
    [[0.01, 0.1], 'Ahead'],
    [[-0.1, -0.01], 'Behind'],
    [[-0.1, 0.1], 'Open'],
    [null, 'Open'],
  ])('of an interval %s is %s', (interval, word) => {
    const change = (test) => setArm(test, 'g1.2', { difference_interval: interval });
    expect(wordFor('BUY', 'g1.2', change)).toBe(word);
  });
  it('asks for votes of the champion as well', () => {
    const change = (test) => setArm(test, 'v1.1', { first_votes: 99 });
    const view = viewOfSignal('BUY', change);
    expect(hasEnough(view, find(view, 'g1.1'))).toBe(false);
  });
});

describe('the leader', () => {
  it('is not one that was switched off, however good its rate', () => {
    const view = viewOfSignal('HEDGE', (test) => setArm(test, 'v1.2', { difference: 0.5 }));
    expect(leaderOf(view).version).toBe('v1.1');
  });
  it('is nobody before there are votes', () => {
    const view = viewOfSignal('BUY', (test) => {
      for (const version of ['g1.1', 'g1.2']) setArm(test, version, { difference: null });
    });
    expect(leaderOf(view)).toBeNull();
  });
});

describe('the split', () => {
  const at = (ln) => splitWord({ srm: { ln_e_value_max: ln } }).word;
  it('is broken from the e-value on at which the library ends a test', () => {
    expect(at(Math.log(1000))).toBe('Broken');
    expect(at(Math.log(999))).toBe('Odd');
    expect(at(Math.log(9))).toBe('As planned');
    expect(at(null)).toBe('Not known');
  });
  it('needs for unlike voting the e-value and ten per cent', () => {
    const word = (ln, apart) =>
      responseWord({ srm: {}, differential_response: { ln_e_value: ln, apart } }).word;
    expect(word(Math.log(101), 0.11)).toBe('Unlike');
    expect(word(Math.log(101), 0.09)).toBe('Alike');
    expect(word(Math.log(50), 0.2)).toBe('Odd');
    expect(word(0, 0.2)).toBe('Alike');
  });
  it('does not judge voting while the split is broken', () => {
    expect(responseWord(viewOfSignal('SHORT').evidence).word).toBe('Not known');
  });
});

describe('what each rule says', () => {
  it('begins with the rule of the test', () => {
    expect(opinionsOf(viewOfSignal('BUY')).map((one) => one.rule)).toEqual([
      'always_valid',
      'classic',
      'group_sequential',
    ]);
    expect(opinionsOf(viewOfSignal('SELL'))[0]).toMatchObject({
      rule: 'group_sequential',
      own: true,
      meets: true,
    });
  });
  it('is nothing where no evidence was kept', () => {
    const view = viewOfSignal('REDUCE', (test, decisions) => decisions.splice(0));
    expect(opinionsOf(view)).toEqual([]);
  });
  it('lets the classic rule wait for its votes, also for those of an arm that is off', () => {
    const classic = opinionsOf(viewOfSignal('HEDGE')).find((one) => one.rule === 'classic');
    expect(classic.meets).toBeNull();
    expect(classic.says).toContain('It would wait: v1.2 has');
  });
  it('waits for nothing when the test is over', () => {
    const stopped = viewOfSignal('HEDGE', (test) => {
      test.status = 'stopped';
      for (const arm of [...test.arms, ...test.evidence.arms]) arm.first_votes_seen = 0;
    });
    const says = Object.fromEntries(opinionsOf(stopped).map((one) => [one.rule, one.says]));
    expect(says.classic).toContain('It cannot say: v1.2 has');
    expect(says.always_valid).toBe('No evidence: the test ended before its first week was over.');
    expect(says.group_sequential).toBe('No look: the test ended before its first week was over.');
  });
  it('names no arm that is off', () => {
    const view = viewOfSignal('HEDGE', (test) =>
      setArm(test, 'v1.2', { ln_e_value_week_end: 90, z: 90 }),
    );
    for (const { rule, says } of opinionsOf(view))
      if (rule !== 'classic') expect(says).not.toContain('v1.2');
  });
});

describe('promotion', () => {
  it('is deserved by a promotable winner', () => {
    const view = viewOfSignal('SELL', (test, decisions) => {
      Object.assign(decisions.find((one) => one.kind === 'verdict').receipt, {
        promotable: true,
        blockers: [],
      });
    });
    expect(promotionOf(view, 'v1.1', 'v1.0').state).toBe('deserved');
  });
  it.each([
    ['SELL', 'It is slower.'],
    ['BUY', 'The test has not decided yet.'],
    ['HOLD', 'The test showed no difference (the effect is too small).'],
    ['SHORT', 'The test is invalid: its data cannot be trusted.'],
  ])('of %s goes against the test: %s', (signal, reason) => {
    const version = signal === 'BUY' ? 'g1.1' : 'v1.1';
    const found = promotionOf(viewOfSignal(signal), version, 'v1.0');
    expect(found).toEqual({ state: 'override', reasons: [reason] });
  });
  it('names a loser as one', () => {
    expect(promotionOf(viewOfSignal('SELL'), 'v9', 'v1.0').reasons).toEqual([
      'It is not the winner; v1.1 is.',
    ]);
  });
  it('does nothing to the champion', () => {
    expect(promotionOf(viewOfSignal('BUY'), 'v1.1', 'v1.1').state).toBe('champion');
  });
});

describe('a rollback', () => {
  const change = (kind, from, to) => ({ kind, from, to });
  it('leads to the champion before', () => {
    const history = [
      change('promotion', 'b', 'c'),
      change('promotion', 'a', 'b'),
      change('start', null, 'a'),
    ];
    expect(previousChampion(history)).toBe('b');
    expect(previousChampion([change('rollback', 'c', 'b'), ...history])).toBe('a');
  });
  it('leads nowhere from the first champion', () => {
    expect(
      previousChampion([change('verdict', null, null), change('start', null, 'a')]),
    ).toBeNull();
    expect(previousChampion([])).toBeNull();
  });
});

describe('variants', () => {
  const { variants } = library().variants;
  const ofBuy = variants.filter((one) => one.signal === 'BUY');
  it('that wait are a model’s drafts alone', () => {
    expect(
      draftsOf(variants)
        .map((one) => one.version)
        .sort(),
    ).toEqual(['g2.1', 'g2.2']);
  });
  it('that may be tested are no unread drafts, no champion, nothing out of use', () => {
    expect(
      candidatesOf(ofBuy, 'v1.1')
        .map((one) => one.version)
        .sort(),
    ).toEqual(['g1.1', 'g1.2']);
  });
});

it('lists signals that are tested now first', () => {
  const { ab_tests: report } = library();
  expect(signalsOf(report)).toEqual([
    'ADD',
    'BUY',
    'COVER',
    'HEDGE',
    'HOLD',
    'REDUCE',
    'SELL',
    'SHORT',
    'WATCH',
  ]);
  report.tests.find((test) => test.signal === 'ADD').status = 'stopped';
  expect(signalsOf(report)[0]).toBe('BUY');
});

describe('the figures', () => {
  const labels = (signal) => figuresOf(viewOfSignal(signal)).map((one) => one.label);
  it('are votes and days alone while it is too early, and never a difference that cannot be trusted', () => {
    expect(labels('ADD')).toEqual(['First votes, fewest of an arm', 'Days']);
    expect(labels('SHORT')[0]).toBe('Evidence against the split');
    expect(labels('SHORT')).not.toContain('v1.1 against v1.0');
  });
  it('are of the winner or the leader else', () => {
    expect(labels('SELL')[0]).toBe('v1.1 against v1.0');
    expect(labels('BUY')[0]).toBe('g1.1 against v1.1');
  });
});

describe('the difference between two texts', () => {
  const whole = (pieces) => pieces.map((one) => one.text).join('');
  const marked = (pieces) => pieces.filter((one) => one.changed).map((one) => one.text);
  it.each([
    ['', ''],
    ['a b c', 'a x c'],
    ['one\ntwo\r\nthree', 'one\ntwo\nthree'],
    ['{{ticker}} is up', '{{ ticker }} is up 3.5 %!'],
    ['naïve “quotes” 日本語', 'naive "quotes" 日本'],
    ['only before', ''],
    ['😀 a', '😀😀 a'],
  ])('keeps every character of %j and %j', (before, after) => {
    const found = diffWords(before, after);
    expect(whole(found.before)).toBe(before);
    expect(whole(found.after)).toBe(after);
  });
  it('marks the words that differ and no other', () => {
    const found = diffWords(
      'Explain {{ticker}} in sixty words.',
      'Explain {{price}} in ten words.',
    );
    expect(marked(found.before)).toEqual(['{{ticker}}', 'sixty']);
    expect(marked(found.after)).toEqual(['{{price}}', 'ten']);
  });
  it('marks nothing in equal texts', () => {
    expect(marked(diffWords('the same', 'the same').after)).toEqual([]);
  });
  it('compares long texts by lines', () => {
    const line = 'word '.repeat(50);
    const long = Array.from({ length: 100 }, (_, i) => `${i} ${line}`).join('\n');
    const found = diffWords(long, long.replace('50 word', '50 other'));
    expect(marked(found.after)).toEqual([expect.stringMatching(/^50 other/)]);
    expect(whole(found.after)).toContain('50 other');
  });
});

it('has words for every blocker and advisory that the library knows', () => {
  const blockers = [
    'cached_share', 'contamination', 'srm', 'differential_response', 'switched_off',
    'guardrail_latency', 'guardrail_cost', 'guardrail_failures', 'guardrail_rating',
  ]; // prettier-ignore
  const advisories = [
    'v_gate_blocks', 'winner_not_separated', 'low_expected', 'clustered', 'mismatches',
    'arm_switched_off',
  ]; // prettier-ignore
  for (const one of blockers) expect(blockerWords(one).todo, one).not.toBe('');
  for (const one of advisories) expect(advisoryWords(one).todo, one).not.toBe('');
  expect(blockerWords('of_a_newer_library').title).toBe('of_a_newer_library');
});
