import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import LLMAnalytics from '../src/pages/LLMAnalytics.jsx';
import { signIn } from '../src/session.js';
import { expectAccessible } from './accessible.js';
import analytics from './fixtures/analytics.json';
import { later, problem, serve } from './server.js';

const GET = 'GET /api/admin/llm-analytics';
const empty = {
  ...analytics,
  total_explanations: 0,
  total_feedback: 0,
  positive: 0,
  negative: 0,
  positive_rate: null,
  positive_rate_interval: null,
};

beforeEach(() => signIn('a'.repeat(32)));

function show(answer) {
  const server = serve({ [GET]: answer });
  return { ...server, ...render(<LLMAnalytics />), user: userEvent.setup() };
}

/** A tile as one line of text. */
const tile = (label) => screen.getByText(label, { selector: 'dt' }).parentNode.textContent;
const plain = (text) => text.replaceAll('\u00a0', ' ');

describe('the report', () => {
  it('has each number with what it is made of', async () => {
    const { container } = show(analytics);
    await screen.findByText('Found helpful');
    expect(plain(tile('Found helpful'))).toContain('63.7 %');
    expect(plain(tile('Found helpful'))).toContain('95 %: 60.8 to 66.5 %, 1,078 votes');
    expect(tile('Average rating')).toContain('3.29');
    expect(tile('Average rating')).toContain('664 ratings');
    expect(plain(tile('Response rate'))).toContain('27.0 %');
    expect(tile('Response rate')).toContain('1,078 of 3,995');
    expect(tile('Votes')).toContain('687 helpful, 391 not');
    expect(tile('Cost')).toContain('$0.54');
    expect(tile('Cost')).toContain('$0.14 per 1,000');
    expect(plain(tile('Latency, median'))).toContain('661 ms');
    expect(plain(tile('Latency, median'))).toContain('95 % within 1.71 s, 99 % within 2.40 s');
    await waitFor(() => expect(container.querySelector('.recharts-line')).not.toBeNull());
    await expectAccessible(container);
  });

  it('does not take unknown costs for none', async () => {
    show({ ...analytics, cost_nanousd: 0, cost_known: 0 });
    await screen.findByText('Found helpful');
    expect(tile('Cost')).toBe('Cost–no cost was logged');
    const row = (name) => screen.getByText(name, { selector: 'dt' }).nextSibling.textContent;
    expect([row('Cost in all'), row('Per helpful vote')]).toEqual(['–', '–']);
    expect(document.body).not.toHaveTextContent('$0 ');
  });

  it('compares with the window before, and does not take chance for a change', async () => {
    show(analytics);
    await screen.findByText('Found helpful');
    expect(plain(tile('Found helpful'))).toContain('+2.7 pts may be chance');
    expect(plain(tile('Votes'))).toContain('+20 %');
    expect(plain(tile('Response rate'))).toContain('+0.4 pts');
  });

  it('calls a change of the rate better only when it is beyond chance', async () => {
    const previous = {
      ...analytics.previous,
      positive_rate: 0.5,
      positive_rate_interval: [0.47, 0.53],
    };
    show({ ...analytics, previous });
    await screen.findByText('Found helpful');
    expect(plain(tile('Found helpful'))).toContain('+13.7 pts, better');
  });

  it.each([
    ['none', undefined],
    ['an empty one', { ...analytics.previous, explanations: 0, feedback: 0, positive_rate: null }],
  ])('says no change where there is no window before: %s', async (_, previous) => {
    show({ ...analytics, previous });
    await screen.findByText('Found helpful');
    expect(tile('Found helpful')).not.toContain('pts');
    expect(screen.queryByText(/Changes are against/)).toBeNull();
  });

  it('has a row for each signal, variant and ticker', async () => {
    show(analytics);
    const table = (name) => within(screen.getByRole('table', { name }));
    await screen.findByRole('table', { name: 'By signal' });
    const names = (name) =>
      table(name)
        .getAllByRole('rowheader')
        .map((cell) => cell.textContent);
    expect(names('By signal')).toEqual(analytics.by_signal.map(({ signal }) => signal));
    expect(names('By ticker')).toEqual(analytics.by_ticker.map(({ ticker }) => ticker));
    expect(names('By prompt variant')[0]).toBe('BUYv1.0champion');
    expect(plain(table('By signal').getAllByRole('row')[1].textContent)).toContain(
      '70.9 %392 of 553',
    );
  });

  it('shows markup in names as text', async () => {
    const evil = '<img src=x onerror=alert(1)>';
    const { container } = show({
      ...analytics,
      by_ticker: [{ ...analytics.by_ticker[0], ticker: evil }],
      by_signal: [{ ...analytics.by_signal[0], signal: evil }],
      by_variant: [{ ...analytics.by_variant[0], version: evil }],
    });
    expect(await screen.findAllByText(evil)).not.toHaveLength(0);
    expect(container.querySelector('img')).toBeNull();
  });

  it('counts ratings by stars, most stars first', async () => {
    show(analytics);
    const rows = within(await screen.findByRole('list', { name: 'Ratings' })).getAllByRole(
      'listitem',
    );
    expect(rows.map((row) => plain(row.textContent))[0]).toBe('5 ★stars16525 %');
    expect(rows).toHaveLength(5);
  });

  it('is of the window that is chosen, as the address says', async () => {
    const { user, asked } = show(({ query }) => ({
      ...analytics,
      window: { ...analytics.window, days: Number(query.days) },
    }));
    await screen.findByText('Found helpful');
    expect(asked[0].query).toEqual({ days: '30' });
    await user.click(screen.getByRole('radio', { name: '90 days' }));
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1].query).toEqual({ days: '90' });
    expect(location.search).toBe('?days=90');
  });

  it('is of 30 days where the address says nonsense', async () => {
    history.replaceState(null, '', '/analytics?days=1e9');
    const { asked } = show(analytics);
    await screen.findByText('Found helpful');
    expect(asked[0].query).toEqual({ days: '30' });
  });
});

describe('day by day', () => {
  it('is a chart, or a table with the newest day first', async () => {
    const { user, container } = show(analytics);
    await waitFor(() => expect(container.querySelector('.recharts-line')).not.toBeNull());
    expect(container.querySelector('.recharts-area')).not.toBeNull();
    await user.click(screen.getByRole('radio', { name: 'Table' }));
    const rows = within(screen.getByRole('table', { name: /Day by day/ })).getAllByRole('row');
    expect(rows).toHaveLength(analytics.series.length + 1);
    expect(rows[1].textContent).toContain('Fri, Nov 27so far');
    await expectAccessible(container);
  });

  it('draws counts as bars, today’s hatched', async () => {
    const { user, container } = show(analytics);
    await screen.findByText('Found helpful');
    await user.click(screen.getByRole('radio', { name: 'Votes' }));
    await waitFor(() => expect(container.querySelector('.recharts-bar path')).not.toBeNull());
    const fills = [...container.querySelectorAll('.recharts-bar path')].map((bar) =>
      bar.getAttribute('fill'),
    );
    expect(fills.filter((fill) => fill.startsWith('url('))).toHaveLength(1);
    expect(fills.at(-1)).toMatch(/^url\(/);
  });

  it('marks today’s rate by a hollow dot, and no other day’s', async () => {
    const { container } = show(analytics);
    await waitFor(() => expect(container.querySelector('.recharts-line')).not.toBeNull());
    expect(container.querySelectorAll('circle[stroke-width="2"]')).toHaveLength(1);
  });
});

describe('the states', () => {
  it('says that it loads', async () => {
    const answer = later();
    const { container } = show(() => answer.promise);
    expect(screen.getByText('Loading the numbers')).toBeInTheDocument();
    await expectAccessible(container);
  });

  it('says what to do while there is nothing', async () => {
    const { container } = show(empty);
    expect(await screen.findByText('Nothing in the last 30 days')).toBeVisible();
    await expectAccessible(container);
  });

  it('has explanations without votes', async () => {
    const unvoted = {
      ...empty,
      total_explanations: 10,
      average_rating: null,
      rating_count: 0,
      rating_histogram: [0, 0, 0, 0, 0],
      by_signal: [{ ...analytics.by_signal[0], ...noVotes }],
      by_variant: [{ ...analytics.by_variant[0], ...noVotes, latency_ms: null }],
      by_ticker: [],
      latency_ms: { p50: null, p95: null, p99: null },
      cost_nanousd: 0,
      cost_known: 0,
      series: analytics.series.map((day) => ({ ...day, ...noVotes })),
    };
    const { container } = show(unvoted);
    await screen.findByText('Found helpful');
    expect(tile('Found helpful')).toContain('–');
    expect(tile('Cost')).toContain('no cost was logged');
    expect(container.textContent).not.toMatch(/NaN|undefined|Infinity|null/);
  });

  it('says what failed, and tries again', async () => {
    let answer = () => problem(503, 'Busy', 'The server is busy.');
    const { user } = show(() => answer());
    expect(await screen.findByRole('alert')).toHaveTextContent('The server is busy.');
    answer = () => analytics;
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('Found helpful')).toBeVisible();
  });

  it('asks past the cache when a person does, and keeps the numbers when that fails', async () => {
    let answer = () => analytics;
    const { user, asked, container } = show(() => answer());
    await screen.findByText('Found helpful');
    answer = () => problem(500, 'Broken', 'Something broke.');
    await user.click(screen.getByRole('button', { name: 'Refresh' }));
    expect(await screen.findByText('These numbers are not up to date')).toBeVisible();
    expect(asked[1].query).toEqual({ days: '30', refresh: '1' });
    expect(plain(tile('Found helpful'))).toContain('63.7 %');
    expect(screen.getByText(/Not up to date ·/)).toBeVisible();
    await expectAccessible(container);
  });

  it('says as of when, by the report’s own clock', async () => {
    show(analytics);
    await screen.findByText('Found helpful');
    expect(screen.getByText(/As of/).querySelector('time').dateTime).toBe(
      new Date(analytics.as_of).toISOString(),
    );
  });

  it('loads again by itself after five minutes', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { asked } = show(analytics);
    await screen.findByText('Found helpful');
    await act(() => vi.advanceTimersByTimeAsync(5 * 60_000));
    expect(asked).toHaveLength(2);
    expect(asked[1].query).toEqual({ days: '30' });
  });
});

const noVotes = {
  feedback: 0,
  positive: 0,
  positive_rate: null,
  positive_rate_interval: null,
  rating_count: 0,
  average_rating: null,
};
