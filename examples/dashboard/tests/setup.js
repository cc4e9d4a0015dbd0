import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';

// What jsdom has not: sizes. Recharts draws nothing into a box without one.
globalThis.ResizeObserver = class {
  constructor(tell) {
    this.tell = tell;
  }
  observe(target) {
    this.tell([{ target, contentRect: { width: 640, height: 260 } }]);
  }
  unobserve() {}
  disconnect() {}
};
window.scrollTo = () => {};

// A busy machine must not fail a test. Without a layout, looking for what is hidden is dear
// and finds little; axe and the browser's tests see to that.
configure({ asyncUtilTimeout: 10_000, defaultHidden: true });

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  delete document.documentElement.dataset.theme;
  history.replaceState(null, '', '/');
  // A test that asks a server says what it answers; see server.js.
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no server in this test')));
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
