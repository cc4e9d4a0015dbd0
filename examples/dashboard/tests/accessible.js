import axe from 'axe-core';
import { expect } from 'vitest';

// Contrast and sizes need a layout; theme.test.js and the browser's tests see to them.
const NO_LAYOUT = Object.fromEntries(
  ['color-contrast', 'region', 'target-size'].map((rule) => [rule, { enabled: false }]),
);

/** No violation that axe can see without a layout. */
export async function expectAccessible(container) {
  const { violations } = await axe.run(container, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    resultTypes: ['violations'],
    selectors: false, // a selector for each node is what takes long
    elementRef: false,
    rules: NO_LAYOUT,
  });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`)).toEqual([]);
}
