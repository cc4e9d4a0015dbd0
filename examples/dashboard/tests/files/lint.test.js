import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const eslint = new ESLint();
const rulesBroken = async (code, filePath = 'src/Probe.jsx') => {
  const [{ messages }] = await eslint.lintText(code, { filePath });
  return messages.map(({ ruleId, message }) => ruleId ?? message);
};

describe('lint refuses', () => {
  it.each([
    ['export const A = (p) => <div dangerouslySetInnerHTML={{ __html: p.x }} />;'],
    ['export const p = { dangerouslySetInnerHTML: { __html: 1 } };'],
    ["export const p = { 'dangerouslySetInnerHTML': { __html: 1 } };"],
    ['export const f = (node, x) => { node.innerHTML = x; };'],
    ['export const f = (node, x) => node.insertAdjacentHTML("beforeend", x);'],
    ['export const f = (x) => document.write(x);'],
    ['export const A = (p) => <iframe title="t" srcDoc={p.x} />;'],
    ['export const A = () => <a href="javascript:alert(1)">x</a>;'],
    ['export const to = " JavaScript:alert(1)";'],
    ['export const f = (x) => `javascript:${x}`;'],
  ])('%s', async (code) => {
    expect(await rulesBroken(code)).toContain('no-restricted-syntax');
  });

  it('asking the server outside of api.js', async () => {
    const code = 'export const f = () => fetch("/api/x");';
    expect(await rulesBroken(code)).toContain('no-restricted-globals');
    expect(await rulesBroken(code, 'src/api.js')).toEqual([]);
  });

  it('what a keyboard or a screen reader cannot use', async () => {
    const code = 'export const A = (p) => <div onClick={p.go}><img src="x" /></div>;';
    const broken = await rulesBroken(code);
    expect(broken).toContain('jsx-a11y/alt-text');
    expect(broken).toContain('jsx-a11y/click-events-have-key-events');
  });

  it('hooks under a condition', async () => {
    const code =
      'import { useState } from "react"; export function A(p) { if (p.x) useState(); return null; }';
    expect(await rulesBroken(code)).toContain('react-hooks/rules-of-hooks');
  });
});

it('lint lets plain text be', async () => {
  expect(await rulesBroken('export const A = (p) => <p>{p.text}</p>;')).toEqual([]);
});
