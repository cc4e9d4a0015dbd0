import { act, renderHook } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useResource } from '../src/useResource.js';
import { later } from './server.js';

const MINUTE = 60_000;

let visibility;
beforeEach(() => {
  vi.useFakeTimers();
  visibility = 'visible';
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility);
});

const settle = () => act(() => vi.advanceTimersByTimeAsync(0));
const pass = (ms) => act(() => vi.advanceTimersByTimeAsync(ms));
const show = (state) => {
  visibility = state;
  return act(async () => {
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(0);
  });
};

async function mount(load, options) {
  const hook = renderHook((more) => useResource(load, { ...options, ...more }));
  await settle();
  return hook;
}

describe('a resource', () => {
  it('loads, and says when', async () => {
    const { result } = renderHook(() => useResource(async () => 'numbers'));
    expect(result.current).toMatchObject({ data: null, loading: true, stale: false });
    await settle();
    expect(result.current).toMatchObject({ data: 'numbers', loading: false, at: Date.now() });
  });

  it('asks a server that is gone every half minute, and says so meanwhile', async () => {
    const gone = Object.assign(new Error('gone'), { status: 0 });
    let answer = async () => Promise.reject(gone);
    const load = vi.fn(() => answer());
    const { result } = await mount(load, { refreshMs: 0 });
    const back = later();
    answer = () => back.promise;
    await pass(30_000);
    expect(load).toHaveBeenCalledTimes(2);
    expect(result.current).toMatchObject({ error: gone, loading: true }); // nothing flickers
    back.answer('numbers');
    await settle();
    expect(result.current).toMatchObject({ data: 'numbers', error: null });
    await pass(60 * MINUTE);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('does not ask so often a server that has refused', async () => {
    const load = vi.fn(() => Promise.reject(Object.assign(new Error('no'), { status: 422 })));
    await mount(load);
    await pass(4 * MINUTE);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('loads again although the clock was set back', async () => {
    const load = vi.fn(async () => 'numbers');
    await mount(load);
    vi.setSystemTime(Date.now() - 3 * 60 * MINUTE);
    await pass(5 * MINUTE);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('loads again every five minutes', async () => {
    const load = vi.fn(async () => 'numbers');
    await mount(load);
    await pass(5 * MINUTE - 1000);
    expect(load).toHaveBeenCalledTimes(1);
    await pass(2000);
    expect(load).toHaveBeenCalledTimes(2);
    await pass(10 * MINUTE);
    expect(load).toHaveBeenCalledTimes(4);
  });

  it('rests while the page is hidden, and catches up when it is shown', async () => {
    const load = vi.fn(async () => 'numbers');
    await mount(load);
    await show('hidden');
    await pass(30 * MINUTE);
    expect(load).toHaveBeenCalledTimes(1);
    await show('visible');
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('has nothing to catch up with after a moment', async () => {
    const load = vi.fn(async () => 'numbers');
    await mount(load);
    await show('hidden');
    await pass(MINUTE);
    await show('visible');
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('keeps what it has when loading fails, and gets over it', async () => {
    let answer = async () => 'old';
    const { result } = await mount(() => answer());
    const { at } = result.current;
    answer = async () => {
      throw new Error('broken');
    };
    await pass(5 * MINUTE);
    expect(result.current).toMatchObject({ data: 'old', stale: true, at });
    expect(result.current.error.message).toBe('broken');
    answer = async () => 'new';
    await pass(5 * MINUTE);
    expect(result.current).toMatchObject({ data: 'new', stale: false, error: null });
  });

  it('tells a person’s wish from the clock’s', async () => {
    const load = vi.fn(async () => 'numbers');
    const { result } = await mount(load);
    expect(load.mock.calls[0][1]).toEqual({ refresh: false });
    await act(() => result.current.refresh());
    expect(load.mock.calls[1][1]).toEqual({ refresh: true });
  });

  it('shows nothing of one key under another', async () => {
    const first = later();
    const answers = { a: first.promise, b: Promise.resolve('b’s') };
    const { result, rerender } = renderHook(({ key }) => useResource(() => answers[key], { key }), {
      initialProps: { key: 'a' },
    });
    rerender({ key: 'b' });
    expect(result.current).toMatchObject({ data: null, loading: true });
    await settle();
    expect(result.current.data).toBe('b’s');
    first.answer('a’s, too late');
    await settle();
    expect(result.current.data).toBe('b’s');
  });

  it('gives up what is under way when it is no longer wanted', async () => {
    let signal;
    const { unmount } = await mount((given) => {
      signal = given;
      return later().promise;
    });
    unmount();
    expect(signal.aborted).toBe(true);
    await pass(30 * MINUTE);
  });

  it('tries again when the connection is back', async () => {
    const load = vi.fn(async () => 'numbers');
    await mount(load);
    await act(async () => {
      window.dispatchEvent(new Event('online'));
      await vi.advanceTimersByTimeAsync(0);
    });
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('with refreshMs 0 does not move by itself what was loaded, also after a refresh that failed', async () => {
    let answer = async () => 'list';
    const load = vi.fn(() => answer());
    const { result, rerender } = await mount(load, { refreshMs: 0 });
    answer = () => Promise.reject(Object.assign(new Error('gone'), { status: 0 }));
    await act(() => result.current.refresh());
    answer = async () => 'another list';
    await pass(MINUTE);
    await act(async () => window.dispatchEvent(new Event('online')));
    expect(load).toHaveBeenCalledTimes(2);
    expect(result.current).toMatchObject({ data: 'list', stale: true });

    answer = () => Promise.reject(Object.assign(new Error('gone'), { status: 0 }));
    rerender({ key: 'another' }); // of which nothing is there
    await settle();
    await pass(30_000);
    expect(load).toHaveBeenCalledTimes(4);
  });

  it('leaves it at that with refreshMs 0, and does nothing while not enabled', async () => {
    const load = vi.fn(async () => 'numbers');
    await mount(load, { refreshMs: 0 });
    await pass(60 * MINUTE);
    expect(load).toHaveBeenCalledTimes(1);
    const off = vi.fn();
    await mount(off, { enabled: false });
    expect(off).not.toHaveBeenCalled();
  });
});
