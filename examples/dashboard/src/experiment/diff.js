/** What words two prompts share, by their longest common subsequence. */

// A {{placeholder}} is one word; so is a line break, which must be seen to change.
const WORDS = /\{\{\s*\w+\s*\}\}|\r?\n|[^\S\n]+|[\p{L}\p{N}_'’]+|[^\s\p{L}\p{N}_]/gu;

/** Longer texts are compared line by line, to stay quick: 2,000 words take 10 ms. */
const WORDS_MAX = 2000;

const split = (text, pattern) => text.match(pattern) ?? [];

function lengths(a, b) {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      table[i * width + j] =
        a[i] === b[j]
          ? table[(i + 1) * width + j + 1] + 1
          : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
  return { table, width };
}

function push(side, text, changed) {
  const last = side.at(-1);
  if (last && last.changed === changed) last.text += text;
  else side.push({ text, changed });
}

/**
 * @param {string} before
 * @param {string} after
 * @returns {{before: {text: string, changed: boolean}[], after: {text: string, changed: boolean}[]}}
 *   both texts in full, in pieces
 */
export function diffWords(before, after) {
  let a = split(before, WORDS);
  let b = split(after, WORDS);
  if (Math.max(a.length, b.length) > WORDS_MAX) {
    a = split(before, /[^\n]*\n|[^\n]+/g);
    b = split(after, /[^\n]*\n|[^\n]+/g);
  }
  const { table, width } = lengths(a, b);
  const out = { before: [], after: [] };
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      push(out.before, a[i], false);
      push(out.after, b[j], false);
      i += 1;
      j += 1;
    } else if (
      j >= b.length ||
      (i < a.length && table[(i + 1) * width + j] >= table[i * width + j + 1])
    ) {
      push(out.before, a[i], true);
      i += 1;
    } else {
      push(out.after, b[j], true);
      j += 1;
    }
  }
  return out;
}
