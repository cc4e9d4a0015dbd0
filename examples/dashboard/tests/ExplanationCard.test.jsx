import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { ExplanationCard } from '../src/components/ExplanationCard.jsx';
import { setServerClock } from '../src/serverClock.js';
import { expectAccessible } from './accessible.js';
import { anExplanation } from './explanation.js';
import { later, ok, problem, serve } from './server.js';

const ID = anExplanation().id;
const POST = `POST /api/feedback/${ID}`;
const DELETE = `DELETE /api/feedback/${ID}`;
const GET = `GET /api/explanations/${ID}`;

const up = () => screen.getByRole('button', { name: 'Helpful' });
const down = () => screen.getByRole('button', { name: 'Not helpful' });
const pressed = () => [up(), down()].map((thumb) => thumb.getAttribute('aria-pressed'));
const said = () => screen.getByRole('status').textContent;
const details = () => screen.getByRole('button', { name: /stars or a comment|Edit your comment/ });
const sent = (asked) => asked.map(({ method, body }) => body ?? method);

/** A card with a server whose answers are given; by default it takes everything. */
function show(more = {}, routes = {}) {
  const server = serve({ [POST]: { received: true }, [DELETE]: { withdrawn: true }, ...routes });
  const onChange = vi.fn();
  const card = render(<ExplanationCard explanation={anExplanation(more)} onChange={onChange} />);
  return { ...server, ...card, onChange, user: userEvent.setup() };
}

describe('a card', () => {
  it('has the text, what it is about, and two thumbs', async () => {
    const { container } = show();
    expect(screen.getByRole('heading', { name: 'AAPL BUY' })).toBeVisible();
    expect(screen.getByText(/closed above its average/)).toBeVisible();
    expect(screen.getByText(/84 % confident/)).toBeVisible();
    expect(pressed()).toEqual(['false', 'false']);
    await expectAccessible(container);
  });

  it('shows markup in a text as text', () => {
    const text = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    const { container } = show({ text, ticker: '<b>A</b>', version: '<i>v</i>' });
    expect(screen.getByText(text)).toBeVisible();
    expect(container.querySelector('img, script, b, i')).toBeNull();
  });

  it('says while there is none yet', async () => {
    const { container } = render(<ExplanationCard loading loadingText="The model is writing" />);
    expect(screen.getByRole('status')).toHaveTextContent('The model is writing');
    expect(screen.getByRole('article')).toHaveAttribute('aria-busy', 'true');
    await expectAccessible(container);
  });

  it('says that a text was prepared', () => {
    show({ fallback: true });
    expect(screen.getByText('Prepared text')).toBeVisible();
  });

  it('tells what others said only to those who have voted', async () => {
    const { rerender } = show();
    expect(said()).toBe('');
    const mine = { helpful: true, rating: null, comment: null };
    rerender(<ExplanationCard explanation={anExplanation({ mine })} />);
    expect(said()).toBe('6 of 8 readers found this helpful.');
  });

  it('counts this reader as they vote now, not as they did when the list was loaded', async () => {
    const before = { helpful: true, rating: null, comment: null };
    let sent = 0;
    const refuse = () => (sent++ ? problem(500, 'It broke') : { received: true });
    const { user } = show({ positive: 2, negative: 0, mine: before }, { [POST]: refuse });
    expect(said()).toBe('2 of 2 readers found this helpful.');
    await user.click(down());
    await waitFor(() => expect(said()).toBe('Thanks for your feedback.'));
    await user.click(up());
    await screen.findByRole('alert'); // refused: the vote before it stands
    expect(said()).toBe('1 of 2 readers found this helpful.');
  });

  it('lets a text that is written from right to left be so', () => {
    show({ text: 'نشتري لأن السعر ارتفع' });
    expect(screen.getByText(/نشتري/)).toHaveAttribute('dir', 'auto');
  });

  it('has an earlier vote pressed, with what was said in it', async () => {
    const { user, container } = show({ mine: { helpful: false, rating: 2, comment: 'too long' } });
    expect(pressed()).toEqual(['false', 'true']);
    await user.click(details());
    expect(screen.getByRole('radio', { name: '2 stars, fair' })).toBeChecked();
    expect(screen.getByLabelText(/Comment/)).toHaveValue('too long');
    await expectAccessible(container);
  });
});

describe('a vote', () => {
  it('shows at once, before the server has answered', async () => {
    const answer = later();
    const { user, asked, onChange } = show({}, { [POST]: () => answer.promise });
    await user.click(up());
    expect(pressed()).toEqual(['true', 'false']);
    expect(said()).toBe('Sending …');
    expect(onChange).not.toHaveBeenCalled();
    expect(screen.getByText(/closed above its average/)).toBeVisible();
    answer.answer(ok({ received: true }));
    await waitFor(() => expect(said()).toBe('Thanks for your feedback.'));
    expect(sent(asked)).toEqual([{ helpful: true }]);
    expect(asked[0].headers['Feedback-Token']).toBe('token-1');
    expect(onChange).toHaveBeenCalledWith({ helpful: true });
  });

  it('is given by keyboard alone', async () => {
    const { user, asked } = show();
    await user.tab();
    expect(up()).toHaveFocus();
    await user.tab();
    await user.keyboard(' ');
    await waitFor(() => expect(said()).toMatch(/^Thanks/));
    await user.tab();
    expect(details()).toHaveFocus();
    await user.keyboard('{Enter}');
    await user.tab(); // undo, which stands before the details
    await user.tab();
    await user.keyboard(' {ArrowRight}{ArrowRight}');
    expect(screen.getByRole('radio', { name: '3 stars, good' })).toBeChecked();
    await user.tab(); // clear
    await user.tab();
    await user.keyboard('Too vague');
    await user.tab();
    await user.keyboard('{Enter}');
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(sent(asked)[1]).toEqual({ helpful: false, rating: 3, comment: 'Too vague' });
  });

  it('can be changed, and keeps stars and comment then', async () => {
    const { user, asked } = show({ mine: { helpful: true, rating: 4, comment: 'clear' } });
    await user.click(down());
    await waitFor(() => expect(said()).toMatch(/^Thanks/));
    expect(pressed()).toEqual(['false', 'true']);
    expect(sent(asked)).toEqual([{ helpful: false, rating: 4, comment: 'clear' }]);
  });

  it('is undone by the button, with the focus kept in the card', async () => {
    const { user, asked, onChange } = show({
      mine: { helpful: true, rating: null, comment: null },
    });
    await user.click(screen.getByRole('button', { name: /Undo/ }));
    await waitFor(() => expect(said()).toBe('Your feedback was withdrawn.'));
    expect(pressed()).toEqual(['false', 'false']);
    expect(sent(asked)).toEqual(['DELETE']);
    expect(onChange).toHaveBeenCalledWith(null);
    expect(up()).toHaveFocus();
  });

  it('is undone by its own thumb', async () => {
    const { user, asked } = show({ mine: { helpful: true, rating: null, comment: null } });
    await user.click(up());
    await waitFor(() => expect(said()).toMatch(/withdrawn/));
    expect(sent(asked)).toEqual(['DELETE']);
  });

  it('that is gone on the server counts as undone', async () => {
    const { user } = show({ mine: { helpful: true } }, { [DELETE]: () => problem(404, 'x', 'y') });
    await user.click(up());
    await waitFor(() => expect(said()).toMatch(/withdrawn/));
  });

  it('of several in a row ends as the last one, sent one at a time', async () => {
    const first = later();
    let answers = [first.promise];
    const { user, asked } = show({}, { [POST]: () => answers.shift() ?? ok({ received: true }) });
    await user.click(up());
    await user.click(down());
    await user.click(up());
    await user.click(down());
    expect(pressed()).toEqual(['false', 'true']);
    expect(asked).toHaveLength(1);
    first.answer(ok({ received: true }));
    await waitFor(() => expect(said()).toMatch(/^Thanks/));
    expect(sent(asked)).toEqual([{ helpful: true }, { helpful: false }]);
  });

  it('goes on to the newest wish although an older one was refused', async () => {
    const first = later();
    let answers = [first.promise];
    const { user, asked } = show({}, { [POST]: () => answers.shift() ?? ok({ received: true }) });
    await user.click(up());
    await user.click(down());
    first.answer(problem(500, 'Broken', 'Something broke.'));
    await waitFor(() => expect(said()).toMatch(/^Thanks/));
    expect(sent(asked)).toEqual([{ helpful: true }, { helpful: false }]);
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('follows the server when the list is loaded again', () => {
    const { rerender } = show();
    const mine = { helpful: false, rating: null, comment: null };
    rerender(<ExplanationCard explanation={anExplanation({ mine })} />);
    expect(pressed()).toEqual(['false', 'true']);
  });
});

describe('stars and a comment', () => {
  const mine = { helpful: true, rating: null, comment: null };
  const open = async (more, routes) => {
    const card = show({ mine, ...more }, routes);
    await card.user.click(details());
    return { ...card, box: screen.getByLabelText(/Comment/) };
  };
  const send = () => screen.getByRole('button', { name: 'Send' });

  it('go together with the vote, and the form closes', async () => {
    const { user, asked, box } = await open();
    await user.click(screen.getByRole('radio', { name: '5 stars, excellent' }));
    await user.type(box, '  Clear.  ');
    await user.click(send());
    await waitFor(() => expect(said()).toMatch(/^Thanks/));
    expect(sent(asked)).toEqual([{ helpful: true, rating: 5, comment: 'Clear.' }]);
    expect(screen.queryByLabelText(/Comment/)).toBeNull();
    expect(details()).toHaveAttribute('aria-expanded', 'false');
    expect(details()).toHaveFocus();
  });

  it('are both optional, and stars can be taken back', async () => {
    const { user, asked } = await open({ mine: { ...mine, rating: 4 } });
    await user.click(screen.getByRole('button', { name: /Clear/ }));
    await user.click(send());
    await waitFor(() => expect(asked).toHaveLength(1));
    expect(sent(asked)).toEqual([{ helpful: true }]);
  });

  it('count bytes, as the server does', async () => {
    const { box } = await open();
    fireEvent.change(box, { target: { value: 'é日👍' } });
    expect(screen.getByText('9 of 4,000 bytes')).toBeVisible();
  });

  it('are not sent when too long, and say by how much', async () => {
    const { user, asked, box } = await open();
    fireEvent.change(box, { target: { value: `${'x'.repeat(3999)}é` } });
    expect(screen.getByText('Too long by 1 byte. Please shorten it a little.')).toBeVisible();
    expect(box).toBeInvalid();
    expect(send()).toHaveAttribute('aria-disabled', 'true');
    fireEvent.submit(box.form);
    expect(asked).toHaveLength(0);
    await user.type(box, '{Backspace}');
    expect(send()).toHaveAttribute('aria-disabled', 'false');
  });

  it('stay as typed when the server refuses them', async () => {
    let answer = () => problem(503, 'Busy', 'The server is busy. Please try again.');
    const { user, asked, box } = await open({}, { [POST]: () => answer() });
    await user.click(screen.getByRole('radio', { name: '3 stars, good' }));
    await user.type(box, 'Long thought');
    await user.click(send());
    expect(await screen.findByRole('alert')).toHaveTextContent('The server is busy.');
    expect(screen.getByLabelText(/Comment/)).toHaveValue('Long thought');
    expect(screen.getByRole('radio', { name: '3 stars, good' })).toBeChecked();
    answer = () => ok({ received: true });
    await user.click(within(screen.getByRole('alert')).getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(said()).toMatch(/^Thanks/));
    expect(sent(asked)[1]).toEqual({ helpful: true, rating: 3, comment: 'Long thought' });
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('stay as typed also when the list is loaded again meanwhile', async () => {
    const { user, box, rerender } = await open();
    await user.type(box, 'Long thought');
    rerender(<ExplanationCard explanation={anExplanation({ mine: { ...mine } })} />);
    expect(screen.getByLabelText(/Comment/)).toHaveValue('Long thought');
  });
});

describe('a comment that was begun', () => {
  const box = () => screen.getByLabelText(/Comment/);

  it('is there after the form was folded away, and gone with the vote', async () => {
    const { user } = show({ mine: { helpful: true, rating: null, comment: null } });
    await user.click(details());
    await user.type(box(), 'Long thought');
    await user.click(details());
    expect(box()).not.toBeVisible();
    await user.click(details());
    expect(box()).toBeVisible();
    expect(box()).toHaveValue('Long thought');
    await user.click(screen.getByRole('button', { name: /^Undo/ }));
    await user.click(up());
    await user.click(details());
    expect(box()).toHaveValue('');
  });

  it('can be typed on and sent when the vote before it was refused', async () => {
    const first = later();
    const answers = [first.promise];
    const { user, asked } = show({}, { [POST]: () => answers.shift() ?? ok({ received: true }) });
    await user.click(down());
    await user.click(details());
    await user.type(box(), 'Long');
    first.answer(problem(503, 'Busy', 'The server is busy.'));
    await screen.findByRole('alert');
    expect(pressed()).toEqual(['false', 'false']);
    expect(box()).toHaveFocus();
    await user.keyboard(' thought');
    await user.click(screen.getByRole('button', { name: 'Send' }));
    await waitFor(() => expect(said()).toMatch(/^Thanks/));
    expect(sent(asked)[1]).toEqual({ helpful: false, comment: 'Long thought' });
    expect(pressed()).toEqual(['false', 'true']);
  });
});

it('a double click is a vote, not a vote and its withdrawal', async () => {
  const { user, asked } = show();
  await user.dblClick(up());
  await waitFor(() => expect(said()).toMatch(/^Thanks/));
  expect(sent(asked)).toEqual([{ helpful: true }]);
  expect(pressed()).toEqual(['true', 'false']);
});

describe('a vote that is refused', () => {
  it('is taken back, and the text stays', async () => {
    const { user, onChange, container } = show({}, { [POST]: () => problem(500, 'x', 'Broken.') });
    await user.click(up());
    expect(await screen.findByRole('alert')).toHaveTextContent('Your feedback was not saved');
    expect(pressed()).toEqual(['false', 'false']);
    expect(screen.getByText(/closed above its average/)).toBeVisible();
    expect(onChange).not.toHaveBeenCalled();
    await expectAccessible(container);
  });

  it('goes back to what the server has, not to nothing', async () => {
    const { user } = show({ mine: { helpful: true } }, { [POST]: () => problem(500, 'x', 'y') });
    await user.click(down());
    await screen.findByRole('alert');
    expect(pressed()).toEqual(['true', 'false']);
  });

  it('for too many in an hour says when again', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date(2026, 10, 27, 14, 0) });
    const many = () => problem(429, 'Too many', 'Too many votes.', { retry_after_s: 300 });
    const { user } = show({}, { [POST]: many });
    await user.click(up());
    expect(await screen.findByRole('alert')).toHaveTextContent('You can vote again at 14:05.');
  });

  it('without a connection says so', async () => {
    const { user } = show();
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
    await user.click(up());
    expect(await screen.findByRole('alert')).toHaveTextContent('cannot be reached');
  });

  it.each([401, 403])('by %d for an old token is sent again with a new one', async (status) => {
    const { user, asked } = show(
      {},
      {
        [POST]: ({ headers }) =>
          headers['Feedback-Token'] === 'token-2' ? { received: true } : problem(status, 'Old', ''),
        [GET]: anExplanation({ feedback_token: 'token-2' }),
      },
    );
    await user.click(up());
    await waitFor(() => expect(said()).toMatch(/^Thanks/));
    expect(asked.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST']);
    await user.click(down()); // the new token is kept
    await waitFor(() => expect(asked).toHaveLength(4));
    expect(asked[3].headers['Feedback-Token']).toBe('token-2');
  });

  it('even with a new token is not tried for ever', async () => {
    const refuse = () => problem(403, 'Not yours', 'This token is not yours.');
    const { user, asked } = show({}, { [POST]: refuse, [GET]: anExplanation() });
    await user.click(up());
    expect(await screen.findByRole('alert')).toHaveTextContent('This token is not yours.');
    expect(asked).toHaveLength(3);
  });
});

describe('how long ago it was', () => {
  it('goes by the server’s clock, and grows while it is looked at', () => {
    vi.useFakeTimers({ now: new Date('2026-11-27T06:01:00Z') }); // three hours behind
    setServerClock('Fri, 27 Nov 2026 09:01:00 GMT');
    render(<ExplanationCard explanation={anExplanation({ created_at: '2026-11-27T09:00:55Z' })} />);
    expect(screen.getByText('just now')).toBeVisible();
    act(() => vi.advanceTimersByTime(2 * 60_000));
    expect(screen.getByText('2 minutes ago')).toBeVisible();
    setServerClock(null); // an answer that does not say
    act(() => vi.advanceTimersByTime(60_000));
    expect(screen.getByText('3 minutes ago')).toBeVisible();
    vi.useRealTimers();
    setServerClock(new Date().toUTCString());
  });
});
