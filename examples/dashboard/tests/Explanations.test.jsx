import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { Explanations } from '../src/pages/Explanations.jsx';
import { expectAccessible } from './accessible.js';
import { anExplanation } from './explanation.js';
import { later, ok, problem, serve } from './server.js';

const LIST = 'GET /api/explanations';
const many = (from, count, more) =>
  Array.from({ length: count }, (_, index) =>
    anExplanation({ id: `id-${from + index}`, text: `Text ${from + index}`, ...more }),
  );
const texts = () => screen.queryAllByText(/^Text \d+$/).map((node) => node.textContent);

function show(routes) {
  const server = serve(routes);
  return { ...server, ...render(<Explanations />), user: userEvent.setup() };
}

describe('the list', () => {
  it('has the latest, and then older ones', async () => {
    const { user, asked, container } = show({
      [LIST]: ({ query }) =>
        query.before
          ? { explanations: many(2, 1), next: null }
          : { explanations: many(0, 2), next: 'id-1' },
    });
    await screen.findByText('Text 0');
    await expectAccessible(container);
    await user.click(screen.getByRole('button', { name: 'Show older ones' }));
    await screen.findByText('Text 2');
    expect(texts()).toEqual(['Text 0', 'Text 1', 'Text 2']);
    expect(asked[1].query).toEqual({ limit: '20', before: 'id-1' });
    expect(screen.queryByRole('button', { name: 'Show older ones' })).toBeNull();
  });

  it('keeps what it has when older ones fail', async () => {
    let fine = false;
    const { user } = show({
      [LIST]: ({ query }) => {
        if (query.before && !fine) return problem(500, 'Broken', 'Something broke.');
        return { explanations: many(query.before ? 1 : 0, 1), next: query.before ? null : 'id-0' };
      },
    });
    await user.click(await screen.findByRole('button', { name: 'Show older ones' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('Something broke.');
    expect(texts()).toEqual(['Text 0']);
    fine = true;
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByText('Text 1');
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('loaded again has new ones on top, and keeps what is there and what is being typed', async () => {
    const mine = { helpful: true, rating: null, comment: null };
    let first = { explanations: many(2, 2, { mine }), next: 'id-3' };
    const { user } = show({
      [LIST]: ({ query }) => (query.before ? { explanations: many(4, 1), next: null } : first),
    });
    await user.click(await screen.findByRole('button', { name: 'Show older ones' }));
    await screen.findByText('Text 4');
    await user.click(screen.getAllByRole('button', { name: 'Add stars or a comment' })[0]);
    await user.type(screen.getByLabelText(/Comment/), 'Half a thou');
    first = { explanations: many(1, 2, { mine }), next: 'id-2' };
    await user.click(screen.getByRole('button', { name: 'Refresh' }));
    await screen.findByText('Text 1');
    expect(texts()).toEqual(['Text 1', 'Text 2', 'Text 3', 'Text 4']);
    expect(screen.getByLabelText(/Comment/)).toHaveValue('Half a thou');
    expect(screen.queryByRole('button', { name: 'Show older ones' })).toBeNull();
  });

  it('loaded again after very many new ones starts anew, without a gap', async () => {
    let first = { explanations: many(50, 2), next: 'id-51' };
    const { user } = show({ [LIST]: () => first });
    await screen.findByText('Text 50');
    first = { explanations: many(0, 2), next: 'id-1' };
    await user.click(screen.getByRole('button', { name: 'Refresh' }));
    await screen.findByText('Text 0');
    expect(texts()).toEqual(['Text 0', 'Text 1']);
  });

  it('is of one signal and one ticker, as the address says', async () => {
    const { user, asked } = show({ [LIST]: { explanations: many(0, 1), next: null } });
    await screen.findByText('Text 0');
    await user.click(within(screen.getByRole('search')).getByRole('radio', { name: 'SELL' }));
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1].query).toEqual({ limit: '20', signal: 'SELL' });
    await user.type(screen.getByRole('combobox', { name: 'Ticker' }), 'msft');
    await waitFor(() => expect(asked).toHaveLength(3));
    expect(asked[2].query).toEqual({ limit: '20', signal: 'SELL', ticker: 'MSFT' });
    expect(screen.getByRole('combobox', { name: 'Ticker' })).toHaveFocus(); // one may type on
    expect(location.search).toBe('?signal=SELL&ticker=MSFT');
  });

  it('knows tickers by the way they are written', async () => {
    const { user, asked } = show({ [LIST]: { explanations: many(0, 1, { ticker: 'brkB' }) } });
    await screen.findByText('Text 0');
    await user.type(screen.getByRole('combobox', { name: 'Ticker' }), ' BRKb ');
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1].query.ticker).toBe('brkB');
  });

  it('says what fits nothing, and what is empty', async () => {
    history.replaceState(null, '', '/?ticker=NONE');
    const { user } = show({ [LIST]: { explanations: [], next: null } });
    expect(await screen.findByText('Nothing fits')).toBeVisible();
    await user.clear(screen.getByRole('combobox', { name: 'Ticker' }));
    expect(await screen.findByText('No explanations yet')).toBeVisible();
  });

  it('may be empty so far and have older ones', async () => {
    show({ [LIST]: { explanations: [], next: 'id-9' } }); // a rare filter stops searching early
    expect(await screen.findByRole('button', { name: 'Show older ones' })).toBeVisible();
    expect(screen.queryByText('No explanations yet')).toBeNull();
  });

  it('loads, fails, and is tried again', async () => {
    let answer = () => problem(503, 'Busy', 'The server is busy.');
    const { user } = show({ [LIST]: () => answer() });
    expect(screen.getAllByText('Loading the explanation')).not.toHaveLength(0);
    expect(await screen.findByRole('alert')).toHaveTextContent('The server is busy.');
    answer = () => ({ explanations: many(0, 1), next: null });
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('Text 0')).toBeVisible();
  });
});

describe('explaining a signal', () => {
  const ASK = 'POST /api/explanations';
  const form = () => screen.getByRole('button', { name: /^(Explain|Writing …)$/ }).form;

  it('puts the new one on top', async () => {
    const answer = later();
    const { user, asked } = show({
      [LIST]: { explanations: many(0, 1), next: null },
      [ASK]: () => answer.promise,
    });
    await screen.findByText('Text 0');
    await user.type(within(form()).getByLabelText('Ticker'), ' NVDA ');
    await user.click(within(form()).getByRole('radio', { name: 'HOLD' }));
    await user.type(within(form()).getByLabelText('Confidence, %'), '80');
    await user.click(screen.getByRole('button', { name: 'Explain' }));
    expect(screen.getByText(/The model is writing/)).toBeVisible();
    expect(asked[1].body).toEqual({ ticker: 'NVDA', signal: 'HOLD', confidence: 0.8 });
    answer.answer(ok({ ...many(7, 1)[0], source: 'baseline', mine: undefined }));
    await screen.findByText('Text 7');
    expect(texts()).toEqual(['Text 7', 'Text 0']);
    expect(screen.getByText('Prepared text')).toBeVisible();
    expect(within(form()).getByLabelText('Ticker')).toHaveValue('');
  });

  it('keeps what was typed, and says which field is wrong', async () => {
    const { user } = show({
      [LIST]: { explanations: [], next: null },
      [ASK]: () =>
        problem(422, 'Not valid', 'One field is not valid.', {
          errors: [{ field: 'ticker', detail: 'no such ticker' }],
        }),
    });
    const field = within(form()).getByLabelText('Ticker');
    await user.type(field, 'ZZZ{Enter}');
    expect(await screen.findByRole('alert')).toHaveTextContent('One field is not valid.');
    expect(field).toHaveValue('ZZZ');
    expect(field).toBeInvalid();
    expect(field).toHaveAccessibleDescription('no such ticker');
  });
});
