import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeAll, describe, expect, it } from 'vitest';
import PromptABTest from '../src/pages/PromptABTest.jsx';
import { signIn } from '../src/session.js';
import { library, routesOf, testOf } from './abTests.js';
import { expectAccessible } from './accessible.js';
import { later, ok, problem, serve } from './server.js';

const TESTS = 'GET /api/admin/llm-ab-tests';

/** jsdom has the element, but opens none. */
beforeAll(() => {
  HTMLDialogElement.prototype.showModal ??= function showModal() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function close() {
    this.open = false;
  };
});

/** The page at a signal, with a server that answers from `from`. */
async function open(signal, { from = library(), routes = {} } = {}) {
  history.replaceState(null, '', signal ? `/ab-tests?signal=${signal}` : '/ab-tests');
  signIn('a token of more than thirty-two characters');
  const server = serve({ ...routesOf(from), ...routes });
  render(<PromptABTest />);
  const user = userEvent.setup();
  if (signal) await screen.findByRole('button', { name: new RegExp(`^${signal}`), pressed: true });
  return { server, user };
}

const verdict = () => screen.getByRole('region', { name: 'Verdict' });
const press = (user, name) => user.click(screen.getByRole('button', { name }));
const dialog = () => screen.getByRole('dialog');

async function fill(user, reason) {
  await user.type(within(dialog()).getByLabelText('Your name'), 'ann');
  if (reason) await user.type(within(dialog()).getByLabelText('Reason'), reason);
}

const posted = (server) => server.asked.filter((one) => one.method === 'POST');

describe('the page', () => {
  it('says at once what is tested, who leads, how sure that is and what to do', async () => {
    await open('BUY');
    expect(verdict()).toHaveTextContent('BUY: v1.1 against');
    expect(verdict()).toHaveTextContent('g1.1 is ahead by');
    expect(verdict()).toHaveTextContent('where 40 : 1 is needed');
    expect(verdict()).toHaveTextContent(/What to do: Let it run, about \d+ days more\./);
  });

  it('is accessible with everything open', async () => {
    await open('BUY');
    await screen.findByText(/all first votes until the end of each day/);
    await expectAccessible(document.body);
  });

  it('changes the signal, and keeps it in the address', async () => {
    const { user } = await open('BUY');
    await press(user, /^SHORT/);
    expect(verdict()).toHaveTextContent('Invalid: v1.0 stays');
    expect(location.search).toBe('?signal=SHORT');
  });

  it('shows a test of the past', async () => {
    const { user } = await open('BUY');
    const old = library().ab_tests.tests.findLast((one) => one.signal === 'BUY');
    await user.selectOptions(screen.getByLabelText('Test'), String(old.test_id));
    expect(verdict()).toHaveTextContent('v1.1 won and was promoted');
    expect(verdict()).not.toHaveTextContent('Look now…');
  });

  it('begins with the first signal where the address names one that is not there', async () => {
    await open(null);
    expect(await screen.findByRole('button', { pressed: true })).toHaveTextContent('ADD');
  });

  it('shows a signal that never had a test', async () => {
    await open('WATCH');
    expect(screen.getByText('No test of WATCH yet')).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Start a test…' })).toBeInTheDocument();
  });

  it('asks for the whole history of the signal', async () => {
    const { server } = await open('BUY');
    await waitFor(() =>
      expect(
        server.asked.some((one) => one.path.endsWith('/decisions') && one.query.signal === 'BUY'),
      ).toBe(true),
    );
  });
});

describe('where the server does not answer as hoped', () => {
  it('shows that it loads', async () => {
    const waiting = later();
    await open(null, { routes: { [TESTS]: () => waiting.promise } });
    expect(screen.getByText('Loading the tests')).toBeInTheDocument();
    waiting.answer(ok(library().ab_tests));
    expect(await screen.findByRole('region', { name: 'Verdict' })).toBeInTheDocument();
  });

  it('says what went wrong, and tries again', async () => {
    const { server, user } = await open(null, {
      routes: { [TESTS]: problem(503, 'Busy', 'The database is busy. Try again in a moment.') },
    });
    expect(await screen.findByRole('alert')).toHaveTextContent('The database is busy.');
    server.routes[TESTS] = library().ab_tests;
    await press(user, 'Try again');
    expect(await screen.findByRole('region', { name: 'Verdict' })).toBeInTheDocument();
  });

  it('keeps the old numbers, and says that they are old', async () => {
    const { server, user } = await open('BUY');
    server.routes[TESTS] = () => problem(503, 'Busy', 'The database is busy.');
    await press(user, 'Refresh');
    expect(await screen.findByText('These numbers are not up to date')).toBeInTheDocument();
    expect(verdict()).toHaveTextContent('g1.1 is ahead by');
  });

  it('loses one panel, not the page, when the days cannot be had', async () => {
    const { test } = testOf('BUY');
    await open('BUY', {
      routes: {
        [`${TESTS}/${test.test_id}/series`]: problem(500, 'Failed', 'The days could not be read.'),
      },
    });
    expect(await screen.findByText('The days could not be read.')).toBeInTheDocument();
    expect(verdict()).toHaveTextContent('g1.1 is ahead by');
  });

  it('has words for a library without a test', async () => {
    const from = library();
    Object.assign(from.ab_tests, { tests: [], champions: [] });
    from.variants.variants = [];
    await open(null, { from });
    expect(await screen.findByText('No test yet')).toBeInTheDocument();
  });
});

describe('what a person does', () => {
  const POST = (id, what) => `POST /api/admin/llm-ab-tests/${id}/${what}`;
  const idOf = (signal) => testOf(signal).test.test_id;

  it('looks, and is told what was found; the numbers are loaded anew', async () => {
    const id = idOf('BUY');
    const sentence = 'Nothing is shown yet: g1.1, the nearest.';
    const { server, user } = await open('BUY', {
      routes: {
        [POST(id, 'decide')]: { verdict: 'keep_going', status: 'not_yet', receipt: { sentence } },
      },
    });
    const before = server.asked.filter((one) => `${one.method} ${one.path}` === TESTS).length;
    await press(user, 'Look now…');
    expect(dialog()).toHaveTextContent('You may look as often as you like');
    await user.click(within(dialog()).getByRole('button', { name: 'Look now' }));
    expect(await screen.findByText(sentence)).toBeInTheDocument();
    expect(posted(server)).toMatchObject([{ body: { promote: true } }]);
    await waitFor(() =>
      expect(server.asked.filter((one) => `${one.method} ${one.path}` === TESTS)).toHaveLength(
        before + 1,
      ),
    );
  });

  it('is told that a classic look is final', async () => {
    const from = library();
    Object.assign(
      from.ab_tests.tests.find((one) => one.signal === 'BUY'),
      { rule: 'classic' },
    );
    const { user } = await open('BUY', { from });
    await press(user, 'Look now…');
    expect(dialog()).toHaveTextContent('A classic look is final');
  });

  it('may look without promoting', async () => {
    const { server, user } = await open('BUY', {
      routes: { [POST(idOf('BUY'), 'decide')]: { status: 'not_yet' } },
    });
    await press(user, 'Look now…');
    await user.click(within(dialog()).getByRole('checkbox'));
    await user.click(within(dialog()).getByRole('button', { name: 'Look now' }));
    await waitFor(() => expect(posted(server)).toMatchObject([{ body: { promote: false } }]));
  });

  it('promotes against a test only after reading what that goes against', async () => {
    const id = idOf('SELL');
    const { server, user } = await open('SELL', {
      routes: { [POST(id, 'promote')]: { champion: 'v1.1' } },
    });
    await user.click(within(verdict()).getByRole('button', { name: 'Promote v1.1…' }));
    expect(dialog()).toHaveAccessibleName('Promote v1.1 for SELL, against the test');
    expect(dialog()).toHaveTextContent('It is slower.');
    expect(dialog()).toHaveTextContent('v1.0 is archived');
    await fill(user, 'Readers may wait.');
    await user.click(within(dialog()).getByRole('button', { name: 'Promote v1.1 all the same' }));
    expect(await screen.findByText('v1.1 is the champion of SELL now.')).toBeInTheDocument();
    expect(posted(server)[0].body).toEqual({
      version: 'v1.1',
      actor: 'ann',
      reason: 'Readers may wait.',
    });
  });

  it('promotes a variant of a running test, and is told that this stops it', async () => {
    const { user } = await open('BUY');
    await user.click(screen.getByRole('button', { name: /^Promote….*g1.2/ }));
    expect(dialog()).toHaveTextContent('The test has not decided yet.');
    expect(dialog()).toHaveTextContent(`Test ${idOf('BUY')} is stopped and g1.1 archived.`);
  });

  it('keeps the dialog when the server refuses', async () => {
    const id = idOf('BUY');
    const { user } = await open('BUY', {
      routes: { [POST(id, 'stop')]: problem(409, 'Not possible', 'The test has ended meanwhile.') },
    });
    await press(user, 'Stop…');
    await fill(user, 'Enough.');
    await user.click(within(dialog()).getByRole('button', { name: 'Stop the test' }));
    expect(await within(dialog()).findByRole('alert')).toHaveTextContent(
      'The test has ended meanwhile.',
    );
    expect(within(dialog()).getByLabelText('Reason')).toHaveValue('Enough.');
  });

  it('stays with a signal whose test it has stopped, though another comes first then', async () => {
    const from = library();
    for (const one of from.ab_tests.tests)
      if (!['ADD', 'BUY'].includes(one.signal)) one.status = 'stopped';
    const added = from.ab_tests.tests.find((one) => one.signal === 'ADD');
    const { user } = await open(null, {
      from,
      routes: {
        [POST(added.test_id, 'stop')]: () => {
          added.status = 'stopped';
          return {};
        },
      },
    });
    expect(await screen.findByRole('button', { pressed: true })).toHaveTextContent('ADD');
    await press(user, 'Stop…');
    await fill(user, 'Enough.');
    await user.click(within(dialog()).getByRole('button', { name: 'Stop the test' }));
    await screen.findByText('ADD', { selector: '.signal + .signal b' });
    expect(screen.getByRole('button', { pressed: true })).toHaveTextContent('ADD');
    expect(screen.getByText(`Test ${added.test_id} was stopped.`)).toBeInTheDocument();
  });

  it('goes on asking about the test that it began with, whatever a refresh brings', async () => {
    const from = library();
    const old = from.ab_tests.tests.find((one) => one.signal === 'BUY');
    const { server, user } = await open('BUY', {
      from,
      routes: { [POST(old.test_id, 'stop')]: {} },
    });
    await press(user, 'Stop…');
    from.ab_tests.tests.unshift({ ...structuredClone(old), test_id: 4711 });
    fireEvent(window, new Event('online')); // it loads again
    await screen.findByText(/^Test 4711 ·/);
    expect(dialog()).toHaveAccessibleName(`Stop test ${old.test_id} for BUY`);
    await fill(user, 'Enough.');
    await user.click(within(dialog()).getByRole('button', { name: 'Stop the test' }));
    await waitFor(() => expect(posted(server)[0].path).toContain(`/${old.test_id}/stop`));
  });

  it('shows the outcome to who presses Escape twice meanwhile', async () => {
    const answer = later();
    const { user } = await open('BUY', { routes: { [POST(idOf('BUY'), 'stop')]: answer.promise } });
    await press(user, 'Stop…');
    await fill(user, 'Enough.');
    await user.click(within(dialog()).getByRole('button', { name: 'Stop the test' }));
    const element = dialog();
    element.open = false; // what browsers do at the second Escape, without asking
    fireEvent(element, new Event('close'));
    expect(element).toHaveAttribute('open');
    await act(async () => answer.answer(problem(503, 'Not now', 'The disk is full.')));
    expect(await within(dialog()).findByRole('alert')).toHaveTextContent('The disk is full.');
    element.open = false;
    fireEvent(element, new Event('close'));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('does not say that nothing happened where no answer came', async () => {
    const { user } = await open('BUY', {
      routes: { [POST(idOf('BUY'), 'stop')]: () => Promise.reject(new TypeError('gone')) },
    });
    await press(user, 'Stop…');
    await fill(user, 'Enough.');
    await user.click(within(dialog()).getByRole('button', { name: 'Stop the test' }));
    expect(await within(dialog()).findByRole('alert')).toHaveTextContent('Perhaps it worked');
  });

  it('rolls back to the champion before', async () => {
    const id = idOf('BUY');
    const { server, user } = await open('BUY', {
      routes: { [POST(id, 'rollback')]: { champion: 'v1.0' } },
    });
    await press(user, 'Roll back to v1.0…');
    expect(dialog()).toHaveTextContent('v1.0 is served to everybody again, in place of v1.1.');
    await fill(user, 'Complaints.');
    await user.click(within(dialog()).getByRole('button', { name: 'Roll back to v1.0' }));
    expect(await screen.findByText('v1.0 is the champion of BUY again.')).toBeInTheDocument();
    expect(posted(server)[0].body).toEqual({ actor: 'ann', reason: 'Complaints.' });
  });

  it('is offered no rollback where there was no champion before', async () => {
    await open('HOLD');
    expect(screen.queryByRole('button', { name: /^Roll back/ })).toBeNull();
  });

  it('approves a draft', async () => {
    const { server, user } = await open('BUY', {
      routes: { 'POST /api/admin/variants/BUY/g2.1/approve': {} },
    });
    await user.click(screen.getByRole('button', { name: /Approve….*g2.1/ }));
    await fill(user, 'Plain and true.');
    await user.click(within(dialog()).getByRole('button', { name: 'Approve g2.1' }));
    expect(await screen.findByText('g2.1 may be tested now.')).toBeInTheDocument();
    expect(posted(server)[0].body).toEqual({ actor: 'ann', reason: 'Plain and true.' });
  });

  it('starts the next test, only where none is running', async () => {
    const { user } = await open('BUY');
    expect(screen.queryByRole('button', { name: 'Start a test…' })).toBeNull();
    await press(user, /^HOLD/);
    await press(user, 'Start a test…');
    expect(dialog()).toHaveAccessibleName('Start a test for HOLD');
  });
});

it('shows no text of a prompt, a reason or an actor as markup', async () => {
  const evil = '<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>';
  const from = library();
  for (const one of from.variants.variants) Object.assign(one, { text: evil, hypothesis: evil });
  for (const one of from.decisions.decisions) Object.assign(one, { actor: evil, reason: evil });
  for (const one of from.ab_tests.tests) one.actor = evil;
  await open('REDUCE', { from });
  expect(verdict()).toHaveTextContent('<img src=x');
  expect(document.querySelector('main img, section img, script')).toBeNull();
  expect(globalThis.hit).toBeUndefined();
});
