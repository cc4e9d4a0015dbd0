import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync('src/theme.css', 'utf8');

/** {name: [light, dark]} of all colours that are written as light-dark(#..., #...). */
const colours = Object.fromEntries(
  [...css.matchAll(/(--[\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, ...both]) => [
    name,
    both,
  ]),
);

function luminance(hex) {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const SURFACES = ['--bg', '--surface', '--surface-2'];
const TEXT = [
  ...SURFACES.flatMap((on) =>
    ['--text', '--text-2', '--text-3', '--accent', '--good', '--bad', '--warn'].map((ink) => [
      ink,
      on,
    ]),
  ),
  ['--on-accent', '--accent'],
  ['--on-accent', '--accent-strong'],
  ['--accent-strong', '--accent-soft'],
  ...['good', 'bad', 'warn'].flatMap((kind) => [
    [`--${kind}`, `--${kind}-soft`],
    ['--text', `--${kind}-soft`],
  ]),
];
const PARTS = SURFACES.flatMap((on) =>
  ['--control-line', '--star', '--series-2', '--series-3', '--series-4'].map((ink) => [ink, on]),
);

const THEMES = ['light', 'dark'].map((name, index) => [name, index]);

describe.each(THEMES)('the %s theme', (_, index) => {
  it.each(TEXT)('has text in %s on %s at 4.5 to 1 (AA)', (ink, on) => {
    expect(contrast(colours[ink][index], colours[on][index])).toBeGreaterThanOrEqual(4.5);
  });

  it.each(PARTS)('has %s on %s at 3 to 1 (AA for parts of controls and plots)', (ink, on) => {
    expect(contrast(colours[ink][index], colours[on][index])).toBeGreaterThanOrEqual(3);
  });
});

it('reckons contrast as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
});
