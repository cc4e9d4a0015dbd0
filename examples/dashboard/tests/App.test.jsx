import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useRef } from 'react';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { App } from '../src/App.jsx';
import { ErrorBoundary } from '../src/components/ErrorBoundary.jsx';
import { navigate } from '../src/router.jsx';
import { signIn, signOut } from '../src/session.js';
import { routesOf } from './abTests.js';
import { useKeptFocus } from '../src/useKeptFocus.js';
import { expectAccessible } from './accessible.js';
import analytics from './fixtures/analytics.json';
import { later, problem, serve } from './server.js';

const TOKEN = 'a'.repeat(32);
const WIDE = { timeout: 10_000 }; // the first load of a page's own code

/** jsdom has the element, but opens none. */
beforeAll(() => {
  HTMLDialogElement.prototype.showModal ??= function showModal() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function close() {
    this.open = false;
  };
});

beforeEach(() => {
  signOut();
  const guarded = (body) => (request) =>
    request.headers.Authorization === `Bearer ${TOKEN}`
      ? body
      : problem(401, 'Not signed in', 'The token is missing or wrong.');
  serve({
    'GET /api/explanations': { explanations: [], next: null },
    'GET /api/admin/decisions': guarded({ decisions: [] }),
    'GET /api/admin/llm-analytics': guarded(analytics),
  });
});

describe('the pages', () => {
  it('are named in title and navigation, and get the focus', async () => {
    const { container } = render(<App />);
    await screen.findByText('No explanations yet');
    expect(document.title).toBe('Explanations · llmlearn');
    await expectAccessible(container);
    await userEvent.click(screen.getByRole('link', { name: 'Analytics' }));
    expect(document.title).toBe('Analytics · llmlearn');
    expect(screen.getByRole('link', { name: 'Analytics' })).toHaveAttribute('aria-current', 'page');
    expect(screen.getByRole('main')).toHaveFocus();
  });

  it('say so where there is none', () => {
    history.replaceState(null, '', '/nowhere');
    render(<App />);
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('There is no such page');
  });

  it('of administrators ask for the token, and again when it is refused', async () => {
    history.replaceState(null, '', '/analytics');
    render(<App />);
    await userEvent.type(screen.getByLabelText('Admin token'), 'wrong{Enter}');
    expect(await screen.findByText(/did not accept this token/, {}, WIDE)).toBeVisible();
    await userEvent.keyboard(`${TOKEN}{Enter}`);
    expect(await screen.findByText('Found helpful', {}, WIDE)).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Sign out' }));
    expect(screen.getByLabelText('Admin token')).toBeVisible();
    expect(screen.queryByText('Found helpful')).toBeNull();
  });
});

describe('a token that is good no more', () => {
  /** On the page of A/B tests, with a reason half typed, and refused by the server since. */
  async function ended() {
    const server = { good: TOKEN };
    const guarded = ([name, route]) => [
      name,
      (request) => {
        if (request.headers.Authorization !== `Bearer ${server.good}`)
          return problem(401, 'Not signed in', 'The token is missing or wrong.');
        return typeof route === 'function' ? route(request) : route;
      },
    ];
    server.routes = serve(Object.fromEntries(Object.entries(routesOf()).map(guarded))).routes;
    signIn(TOKEN);
    history.replaceState(null, '', '/ab-tests?signal=BUY');
    render(<App />);
    await userEvent.click(await screen.findByRole('button', { name: 'Stop…' }, WIDE));
    await userEvent.type(screen.getByLabelText('Your name'), 'ann');
    await userEvent.type(screen.getByLabelText('Reason'), 'a long story');
    server.good = 'b'.repeat(32);
    await userEvent.click(screen.getByRole('button', { name: 'Refresh' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('no longer accepts the token');
    expect(screen.getByLabelText('Reason')).not.toBeVisible();
    return server;
  }

  it('is asked for anew, and everything is as it was left', async () => {
    const { good } = await ended();
    expect(screen.getByRole('alert')).toHaveTextContent('you go on where you were');
    expect(screen.getByLabelText('Admin token')).toHaveFocus();
    await userEvent.keyboard(`${good}{Enter}`);

    expect(await screen.findByLabelText('Reason')).toBeVisible();
    expect(within(screen.getByRole('dialog')).getByLabelText('Reason')).toHaveValue('a long story');
    expect(screen.getByRole('button', { pressed: true, name: /^BUY/ })).toBeVisible();
    signOut();
    await waitFor(() => expect(screen.queryByLabelText('Reason')).toBeNull());
  });

  it('leaves its page hidden until the server has taken the next one', async () => {
    const { good, routes } = await ended();
    const reason = screen.getByLabelText('Reason');
    const decisions = routes['GET /api/admin/decisions'];
    const waiting = later();
    routes['GET /api/admin/decisions'] = async (request) => {
      await waiting.promise;
      return decisions(request);
    };
    await userEvent.keyboard('rubbish{Enter}');
    expect(reason).not.toBeVisible();
    waiting.answer();
    expect(await screen.findByText(/did not accept this token/)).toBeVisible();
    expect(reason).not.toBeVisible();
    routes['GET /api/admin/decisions'] = () => Promise.reject(new TypeError('gone'));
    await userEvent.keyboard(`${good}{Enter}`);
    expect(await screen.findByText('No connection')).toBeVisible();
    expect(reason).not.toBeVisible();
    routes['GET /api/admin/decisions'] = decisions;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(reason).toBeVisible());
    expect(reason).toHaveValue('a long story');
  });

  it('lets its page go by signing out, and whoever signs in just then with it', async () => {
    const { good, routes } = await ended();
    const waiting = later();
    routes['GET /api/admin/decisions'] = () => waiting.promise;
    await userEvent.keyboard(`${good}{Enter}`);
    await userEvent.click(screen.getByRole('button', { name: 'Sign out' }));
    await act(async () => waiting.answer({ decisions: [] }));
    expect(screen.queryByLabelText('Reason')).toBeNull();
    expect(screen.queryByRole('alert')).toBeNull();
    expect(screen.queryByRole('button', { name: 'Sign out' })).toBeNull();
    expect(screen.getByLabelText('Admin token')).toHaveValue('');
  });

  it('promises nothing on another page, nor on the one that was left', async () => {
    await ended();
    for (const name of ['Analytics', 'A/B tests']) {
      await userEvent.click(screen.getByRole('link', { name }));
      const said = await screen.findByRole('alert');
      expect(said).toHaveTextContent('no longer accepts the token that you had. Sign in again.');
      expect(screen.queryByLabelText('Reason')).toBeNull();
    }
  });
});

describe('the focus', () => {
  const gone = async (button) => {
    button.focus();
    await userEvent.keyboard('{Enter}');
    await waitFor(() => expect(button).not.toBeInTheDocument());
  };

  it('stays in the page when the button that had it goes', async () => {
    const { routes } = serve({ 'GET /api/explanations': problem(500, 'It broke', 'Sorry.') });
    render(<App />);
    const retry = await screen.findByRole('button', { name: 'Try again' });
    routes['GET /api/explanations'] = { explanations: [], next: null };
    const around = retry.closest('.stack');
    await gone(retry);
    expect(around).toHaveFocus();
    await userEvent.tab();
    expect(around).not.toHaveAttribute('tabindex');
    expect(around).toContainElement(document.activeElement);
  });

  it('is in the page after signing in and out', async () => {
    history.replaceState(null, '', '/analytics');
    render(<App />);
    await userEvent.type(screen.getByLabelText('Admin token'), `${TOKEN}{Enter}`);
    await waitFor(() => expect(screen.getByRole('main')).toHaveFocus());
    await gone(screen.getByRole('button', { name: 'Sign out' }));
    expect(screen.getByRole('main')).toHaveFocus();
  });

  it('is not given to who has clicked elsewhere meanwhile', async () => {
    const Page = ({ button }) => {
      const main = useRef(null);
      useKeptFocus(main);
      return (
        <main ref={main} tabIndex={-1}>
          {button && <button>Press</button>}
        </main>
      );
    };
    const { rerender } = render(<Page button />);
    const again = async (click) => {
      rerender(<Page button />);
      screen.getByRole('button').focus();
      if (click) await userEvent.click(document.body);
      rerender(<Page />);
      await act(async () => {}); // the observer is told
      return document.activeElement;
    };
    expect(await again(true)).toBe(document.body);
    expect(await again(false)).toBe(screen.getByRole('main'));
  });
});

describe('a part that fails', () => {
  it('says so, and the rest goes on', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    let broken = true;
    const Part = () => {
      if (broken) throw new Error('a mistake of ours');
      return <p>fine</p>;
    };
    render(
      <ErrorBoundary>
        <Part />
      </ErrorBoundary>,
    );
    expect(screen.getByRole('alert')).toHaveTextContent('a mistake of ours');
    broken = false;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(screen.getByText('fine')).toBeVisible();
  });
});

describe('the theme', () => {
  it('is the system’s until one is chosen, and remembered', async () => {
    render(<App />);
    expect(screen.getByRole('radio', { name: 'As the system' })).toBeChecked();
    await userEvent.click(screen.getByRole('radio', { name: 'Dark' }));
    expect(document.documentElement.dataset.theme).toBe('dark');
    expect(localStorage.getItem('llmlearn-theme')).toBe('dark');
    await userEvent.click(screen.getByRole('radio', { name: 'As the system' }));
    expect(document.documentElement.dataset.theme).toBeUndefined();
    expect(localStorage.getItem('llmlearn-theme')).toBeNull();
  });

  it('is there before the page is, by public/theme.js', async () => {
    const { readFileSync } = await import('node:fs');
    const script = readFileSync('public/theme.js', 'utf8');
    const run = () => new Function(script)(); // eslint-disable-line no-new-func
    localStorage.setItem('llmlearn-theme', 'dark');
    run();
    expect(document.documentElement.dataset.theme).toBe('dark');
    delete document.documentElement.dataset.theme;
    localStorage.setItem('llmlearn-theme', 'x" onload="alert(1)');
    run();
    expect(document.documentElement.dataset.theme).toBeUndefined();
  });
});

it('an address changed elsewhere is followed', async () => {
  render(<App />);
  act(() => navigate('/nowhere'));
  await waitFor(() => expect(document.title).toBe('Not found · llmlearn'));
});
