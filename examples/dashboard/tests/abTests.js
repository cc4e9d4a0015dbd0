/** Tests in every state, as the library reports them; see fixtures/make_fixtures.py. */
import recorded from './fixtures/ab_tests.json';
import { viewOf } from '../src/experiment/view.js';

/** Who wins by chance differs whenever it is recorded anew; what tests speak of does not. */
const FIXED = {
  BUY: {
    evidence: { days_left: 10.7, cannot_finish: false, blockers: [], advisories: [] },
    'g1.1': {
      difference: 0.073,
      difference_interval: [0.018, 0.127],
      ln_e_value: 2.6,
      ln_e_value_week_end: 1.9,
    },
    'g1.2': { difference: 0.005, difference_interval: [-0.05, 0.06], ln_e_value_week_end: -0.3 },
  },
  ADD: { evidence: { days_left: 40, cannot_finish: false } },
};

/** A copy that a test may change. */
export function library() {
  const copy = structuredClone(recorded);
  for (const [signal, { evidence, ...arms }] of Object.entries(FIXED)) {
    const test = copy.ab_tests.tests.find((one) => one.signal === signal);
    Object.assign(test.evidence, evidence);
    for (const [version, values] of Object.entries(arms)) setArm(test, version, values);
  }
  return copy;
}

/** The newest test of a signal, and its decisions. */
export function testOf(signal, from = library()) {
  const test = from.ab_tests.tests.find((one) => one.signal === signal);
  const decisions = from.decisions.decisions.filter((one) => one.signal === signal);
  return { test, decisions };
}

/**
 * @param {string} signal
 * @param {(test: object, decisions: object[]) => void} [change] before it is looked at
 */
export function viewOfSignal(signal, change) {
  const { test, decisions } = testOf(signal);
  change?.(test, decisions);
  return viewOf(test, decisions);
}

/** Gives an arm of a running test other numbers, in the counts and in the evidence. */
export function setArm(test, version, values) {
  for (const arms of [test.arms, test.evidence.arms])
    Object.assign(
      arms.find((arm) => arm.version === version),
      values,
    );
}

/** What the server answers to the page. */
export function routesOf(from = library()) {
  const ofSignal = (list, { signal }) => list.filter((one) => !signal || one.signal === signal);
  return {
    'GET /api/admin/llm-ab-tests': from.ab_tests,
    'GET /api/admin/decisions': ({ query }) => ({
      schema: 1,
      decisions: ofSignal(from.decisions.decisions, query),
    }),
    'GET /api/admin/variants': ({ query }) => ({
      variants: ofSignal(from.variants.variants, query),
    }),
    ...Object.fromEntries(
      Object.entries(from.series).map(([id, series]) => [
        `GET /api/admin/llm-ab-tests/${id}/series`,
        series,
      ]),
    ),
  };
}
