import { fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../src/api.js';
import { AllocationBar } from '../src/components/AllocationBar.jsx';
import { ConfirmDialog } from '../src/components/ConfirmDialog.jsx';
import { DecisionHistory } from '../src/components/DecisionHistory.jsx';
import { DraftList } from '../src/components/DraftList.jsx';
import { FindingList } from '../src/components/FindingList.jsx';
import { GuardrailList } from '../src/components/GuardrailList.jsx';
import { axisOf, IntervalAxis, IntervalPlot } from '../src/components/IntervalPlot.jsx';
import { LiftSparkline, liftRange } from '../src/components/LiftSparkline.jsx';
import { PromptDiff } from '../src/components/PromptDiff.jsx';
import { RuleOpinions } from '../src/components/RuleOpinions.jsx';
import { SampleProgress } from '../src/components/SampleProgress.jsx';
import { SignalPicker } from '../src/components/SignalPicker.jsx';
import { StartTestForm } from '../src/components/StartTestForm.jsx';
import { VariantTable } from '../src/components/VariantTable.jsx';
import { VerdictPanel } from '../src/components/VerdictPanel.jsx';
import { library, setArm, testOf, viewOfSignal } from './abTests.js';
import { expectAccessible } from './accessible.js';

const GAP = '\u00a0';
const SIGNALS = ['BUY', 'SELL', 'HOLD', 'SHORT', 'COVER', 'HEDGE', 'REDUCE', 'ADD'];

/** jsdom has the element, but opens none. */
beforeAll(() => {
  HTMLDialogElement.prototype.showModal ??= function showModal() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function close() {
    this.open = false;
  };
});

const rowOf = (version) =>
  screen
    .getAllByRole('row')
    .find((row) => within(row).queryByRole('rowheader')?.textContent.startsWith(version));

describe('every part, in every state a test can be in', () => {
  it.each(SIGNALS)('%s is accessible', async (signal) => {
    const view = viewOfSignal(signal);
    const { container } = render(
      <>
        <VerdictPanel view={view} />
        <VariantTable view={view} />
        <SampleProgress view={view} />
        <AllocationBar arms={view.arms} evidence={view.evidence} />
        <RuleOpinions view={view} />
        <FindingList view={view} serving="v1.0" />
        <GuardrailList arms={view.arms} />
        <DecisionHistory decisions={testOf(signal).decisions} />
      </>,
    );
    await expectAccessible(container);
  });

  it.each(SIGNALS)('%s shows no number that is none', (signal) => {
    const view = viewOfSignal(signal);
    const { container } = render(
      <>
        <VerdictPanel view={view} />
        <VariantTable view={view} />
        <SampleProgress view={view} />
        <AllocationBar arms={view.arms} evidence={view.evidence} />
        <RuleOpinions view={view} />
        <GuardrailList arms={view.arms} />
      </>,
    );
    expect(container.innerHTML).not.toMatch(/NaN|undefined|Infinity|\bnull\b|\[object/);
  });
});

/** As the library reports a test that has just begun: every number that can be null is. */
function nobodyYet(test) {
  const empty = (arm) => {
    for (const [key, value] of Object.entries(arm)) {
      if (['arm', 'version', 'weight', 'champion', 'off', 'off_since', 'guardrails'].includes(key))
        continue;
      if (typeof value === 'number')
        arm[key] = [
          'units',
          'first_votes',
          'positive',
          'exposures',
          'failures',
          'rating_count',
          'cost_known',
          'first_votes_seen',
        ].includes(key)
          ? 0
          : null;
      else if (Array.isArray(value)) arm[key] = null;
    }
    arm.latency_ms = { p50: null, p95: null };
  };
  test.arms.forEach(empty);
  test.evidence.arms.forEach(empty);
  Object.assign(test.evidence, {
    days_left: null, p_value: null, ln_p_value: null, cramers_v: null,
    srm: { ln_e_value: 0, ln_e_value_max: 0, p_value: null, deviation_max: null },
    differential_response: { ln_e_value: 0, p_value: null, apart: null },
  }); // prettier-ignore
  test.days_running = 0;
}

describe('VariantTable', () => {
  it('has a row for each arm: the champion first, then the best', () => {
    render(<VariantTable view={viewOfSignal('ADD')} />);
    const rows = screen.getAllByRole('rowheader').map((one) => one.textContent);
    expect(rows).toHaveLength(10);
    expect(rows[0]).toContain('Champion');
    const shown = screen.getAllByRole('img').map((one) => one.getAttribute('aria-label'));
    const differences = shown
      .slice(1)
      .map(
        (text) =>
          Number(text.match(/([+−±])([\d.]+)/)[2]) *
          (text.includes('− ') || / −/.test(text.split(' against')[0]) ? -1 : 1),
      );
    expect(differences).toEqual([...differences].sort((a, b) => b - a));
  });

  it('gives rates as fractions beneath', () => {
    render(
      <VariantTable
        view={viewOfSignal('BUY', (test) =>
          setArm(test, 'g1.2', { positive: 450, first_votes: 740 }),
        )}
      />,
    );
    expect(rowOf('g1.2')).toHaveTextContent('450 of 740');
  });

  it('says what is missing in place of numbers that mean nothing', () => {
    render(
      <VariantTable
        view={viewOfSignal('BUY', (test) => setArm(test, 'g1.2', { first_votes: 38 }))}
      />,
    );
    const row = rowOf('g1.2');
    expect(row).toHaveTextContent('needs 62 more first votes');
    expect(row).toHaveTextContent('too few votes');
    expect(row).not.toHaveTextContent(' : 1');
  });

  it('does not ask for more votes when the test is over', () => {
    const few = (test) => {
      setArm(test, 'g1.2', { first_votes: 38 });
      test.status = 'stopped';
    };
    render(<VariantTable view={viewOfSignal('BUY', few)} />);
    expect(rowOf('g1.2')).not.toHaveTextContent(/needs|Collecting/);
    expect(rowOf('g1.1')).toHaveTextContent('not known: an arm has too few votes');
  });

  it('says how many guardrails are known to hold', () => {
    const guardrails = { latency: 'unknown', cost: 'unknown', failures: 'pass', rating: 'unknown' };
    render(
      <VariantTable view={viewOfSignal('BUY', (test) => setArm(test, 'g1.2', { guardrails }))} />,
    );
    expect(rowOf('g1.2')).toHaveTextContent('1 of 4 holdnot known: latency, cost, rating');
  });

  it('lives with a test in which nothing is known', () => {
    const { container } = render(<VariantTable view={viewOfSignal('BUY', nobodyYet)} />);
    expect(rowOf('g1.1')).toHaveTextContent('no votes yet');
    expect(container.innerHTML).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.each([
    [Math.log(21.3), '21.3 : 1', 'of 40 : 1'],
    [3000, '7.6 × 10¹³⁰² : 1', 'of 40 : 1'],
    [-80, 'under 0.01 : 1', 'of 40 : 1'],
  ])('shows the e-value that decides, ln %s', (ln, text, needed) => {
    render(
      <VariantTable
        view={viewOfSignal('BUY', (test) => setArm(test, 'g1.1', { ln_e_value_week_end: ln }))}
      />,
    );
    expect(rowOf('g1.1')).toHaveTextContent(text);
    expect(rowOf('g1.1')).toHaveTextContent(needed);
  });

  it('labels what is worth something only as a single look', () => {
    const { rerender } = render(<VariantTable view={viewOfSignal('BUY')} />);
    expect(screen.getByText('if this were the only look')).toBeInTheDocument();
    rerender(<VariantTable view={viewOfSignal('HOLD')} />);
    expect(screen.queryByText('if this were the only look')).toBeNull();
  });

  it('names the guardrail that does not hold', () => {
    render(<VariantTable view={viewOfSignal('SELL')} />);
    expect(rowOf('v1.1')).toHaveTextContent('Worse: latency');
  });

  it('never colours an interval that holds zero', () => {
    const tone = (interval) => {
      const view = viewOfSignal('BUY', (test) =>
        setArm(test, 'g1.1', { difference_interval: interval }),
      );
      const { container, unmount } = render(<VariantTable view={view} />);
      const shown = container.querySelectorAll(
        '.interval-whisker.good, .interval-whisker.bad',
      ).length;
      unmount();
      return shown;
    };
    expect(tone([-0.001, 0.1])).toBe(0);
    expect(tone([0.001, 0.1])).toBe(1);
    expect(tone([-0.1, -0.001])).toBe(1);
  });
});

describe('IntervalPlot', () => {
  it('has one axis that holds zero, the lift, and every interval', () => {
    const axis = axisOf([[0.2, 0.3], null, [0.1, 0.4]], 0.5);
    expect(axis.low).toBeLessThan(0);
    expect(axis.high).toBeGreaterThan(0.5);
    expect(axis.ticks).toContain(0);
    expect(axisOf([[-3, 9]], 0.05)).toMatchObject({ low: -1, high: 1 });
  });
  it.each([[[]], [[null]], [[[0, 0]]], [[[-1e-9, 1e-9]]], [[[-1, 1]]]])(
    'has a few ticks for %j',
    (intervals) => {
      const { ticks } = axisOf(intervals, 0.001);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThan(9);
    },
  );
  it('writes no number so near to its edge that it would touch the next column', () => {
    const axis = { low: -0.2, high: 0.95, ticks: [-0.16, -0.15, 0, 0.5, 0.9] };
    const { container } = render(<IntervalAxis axis={axis} liftMin={0.2} />);
    expect([...container.querySelectorAll('text')].map((one) => one.textContent)).toEqual([
      'worth finding',
      '0',
      '+50',
    ]);
  });

  it('says in words what it shows', () => {
    const axis = axisOf([[-0.01, 0.1]], 0.05);
    render(
      <IntervalPlot
        axis={axis}
        version="b"
        champion="a"
        value={0.045}
        bounds={[-0.01, 0.1]}
        liftMin={0.05}
        confidence={0.975}
      />,
    );
    expect(screen.getByRole('img')).toHaveAccessibleName(
      `b: +4.5${GAP}pts against a, 97.5${GAP}% interval −1.0 to +10.0${GAP}pts.`,
    );
  });
  it('says so where there is nothing to show', () => {
    render(
      <IntervalPlot
        axis={axisOf([], 0.05)}
        version="b"
        champion="a"
        value={null}
        bounds={null}
        liftMin={0.05}
      />,
    );
    expect(screen.getByRole('img')).toHaveAccessibleName('b: not enough votes for a difference.');
  });
});

describe('AllocationBar', () => {
  const show = (signal, change) => {
    const view = viewOfSignal(signal, change);
    return render(<AllocationBar arms={view.arms} evidence={view.evidence} />);
  };
  it('says whether the split is as planned', () => {
    show('SHORT');
    expect(screen.getByText('Broken')).toBeInTheDocument();
    expect(screen.getByText(/1,000 is too much/)).toBeInTheDocument();
  });
  it('leaves an arm that was switched off out of the shares', () => {
    show('HEDGE');
    expect(screen.getByText('switched off')).toBeInTheDocument();
    expect(screen.getAllByText(/of 50.0 % planned/)).toHaveLength(2);
  });
  it('shows what did not count', () => {
    show('BUY', (test) => Object.assign(test.evidence, { contaminated_units: 3, mismatches: 1 }));
    expect(screen.getByText(/3 readers who met two arms/)).toHaveTextContent(
      '1 row that claimed a wrong arm',
    );
  });
  it('waits for the first reader', () => {
    show('BUY', nobodyYet);
    expect(screen.getAllByText('nobody yet')).toHaveLength(3);
    expect(screen.queryByText('Observed')).toBeNull();
  });
});

describe('SampleProgress', () => {
  it('counts the arm that has fewest votes', () => {
    render(
      <SampleProgress
        view={viewOfSignal('BUY', (test) => setArm(test, 'g1.2', { first_votes: 401 }))}
      />,
    );
    const bar = screen.getByRole('progressbar', { name: 'First votes, g1.2 has fewest' });
    expect(bar).toHaveAttribute('aria-valuetext', expect.stringMatching(/^401 of /));
  });
  it('says that a test cannot finish', () => {
    render(<SampleProgress view={viewOfSignal('COVER')} />);
    expect(
      screen.getByText(/^Cannot finish: it would take about \d+ months, and ends after 56 days/),
    ).toBeInTheDocument();
  });
  it('says how long it takes, or that this is unknown', () => {
    const { rerender } = render(
      <SampleProgress
        view={viewOfSignal('BUY', (test) => Object.assign(test.evidence, { days_left: 10.2 }))}
      />,
    );
    expect(screen.getByText(/Has what it needs in about 11 days/)).toBeInTheDocument();
    rerender(
      <SampleProgress
        view={viewOfSignal('BUY', (test) => Object.assign(test.evidence, { days_left: null }))}
      />,
    );
    expect(screen.getByText(/is unknown: too few votes/)).toBeInTheDocument();
  });
  it('gives the plan with its assumptions', async () => {
    render(<SampleProgress view={viewOfSignal('BUY')} />);
    await userEvent.click(screen.getByText('What was planned, and by which assumptions'));
    expect(screen.getByText(/; found with a power of 80/)).toBeInTheDocument();
  });
  it('keeps its bars within their bounds', () => {
    render(
      <SampleProgress
        view={viewOfSignal('BUY', (test) =>
          Object.assign(test, { days_running: 900, trials_planned: 1, trials_min: 1 }),
        )}
      />,
    );
    for (const bar of screen.getAllByRole('progressbar'))
      expect(bar).toHaveAttribute('aria-valuenow', '100');
  });
});

describe('FindingList', () => {
  it('explains every blocker and says what to do', () => {
    render(<FindingList view={viewOfSignal('SELL')} serving="v1.0" />);
    expect(screen.getByText('Promotion of v1.1: only by a person.')).toBeInTheDocument();
    expect(screen.getByRole('heading', { name: 'It is slower' })).toBeInTheDocument();
    expect(screen.getByText(/Promote it only if its readers may wait/)).toBeInTheDocument();
  });
  it('says that a test without a verdict promotes nobody', () => {
    render(<FindingList view={viewOfSignal('BUY')} serving="v1.1" />);
    expect(screen.getByText('Promotion by this test: no.').parentElement).toHaveTextContent(
      'has not decided yet',
    );
  });
});

it('RuleOpinions marks the rule that decides, and shows the others', () => {
  render(<RuleOpinions view={viewOfSignal('HOLD')} />);
  const [own, ...others] = screen.getAllByRole('listitem');
  expect(own).toHaveTextContent('Classic');
  expect(own).toHaveTextContent('decides this test');
  expect(others).toHaveLength(2);
});

it('GuardrailList says for each whether it holds, and gives the numbers', () => {
  render(<GuardrailList arms={viewOfSignal('SELL').arms} />);
  const row = rowOf('v1.1');
  expect(within(row).getByText('Beyond its limit')).toBeInTheDocument();
  expect(within(row).getAllByText('Within its limit').length).toBeGreaterThan(0);
  expect(row).toHaveTextContent('p95');
});

describe('LiftSparkline', () => {
  const { series } = library();
  const ofBuy = series[testOf('BUY').test.test_id];
  it('says where it has come to, and has its days as a table', async () => {
    const { container } = render(<LiftSparkline series={ofBuy} version="g1.1" liftMin={0.08} />);
    const last = ofBuy.days.at(-1).arms.find((arm) => arm.version === 'g1.1');
    const sign = last.difference > 0 ? '+' : '−';
    expect(screen.getByRole('img').getAttribute('aria-label')).toContain(
      `at the end ${sign}${Math.abs(last.difference * 100).toFixed(1)}`,
    );
    expect(within(screen.getByRole('table')).getAllByRole('row').length).toBeGreaterThan(10);
    await expectAccessible(container);
  });
  it('has one range for all variants, with zero and the lift in it', () => {
    const range = liftRange(ofBuy, 0.5);
    expect(range.low).toBeLessThan(0);
    expect(range.high).toBeGreaterThan(0.5);
    expect(liftRange({ days: [] }, 0.05).high).toBeGreaterThan(0.05);
  });
  it.each([
    ['no day', []],
    [
      'a day without votes',
      [
        {
          day: '2026-01-01',
          arms: [{ version: 'b', difference: null, difference_interval: null }],
        },
      ],
    ],
  ])('waits with %s', (_, days) => {
    render(<LiftSparkline series={{ days }} version="b" liftMin={0.05} />);
    expect(screen.getByText(/needs two days/)).toBeInTheDocument();
  });
});

describe('PromptDiff', () => {
  it('marks what only one side has by element, not by colour', () => {
    const { container } = render(
      <PromptDiff
        before={{ version: 'a', text: 'Say {{x}} twice' }}
        after={{ version: 'b', text: 'Say {{y}} twice' }}
      />,
    );
    expect(container.querySelector('del')).toHaveTextContent('{{x}}');
    expect(container.querySelector('ins')).toHaveTextContent('{{y}}');
  });
  it('shows what a prompt says as text, never as markup', () => {
    const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    const { container } = render(
      <PromptDiff before={{ version: 'a', text: '' }} after={{ version: 'b', text: evil }} />,
    );
    expect(container.querySelector('img, script')).toBeNull();
    expect(container.querySelector('ins')).toHaveTextContent(evil);
  });
  it('says that a text is not known', () => {
    render(
      <PromptDiff before={{ version: 'a', text: null }} after={{ version: 'b', text: 'x' }} />,
    );
    expect(screen.getByText(/No text is known of a/)).toBeInTheDocument();
  });
});

describe('ConfirmDialog', () => {
  const show = (props = {}) => {
    const given = { onConfirm: vi.fn().mockResolvedValue(null), onClose: vi.fn(), ...props };
    render(<ConfirmDialog title="Stop test 5" confirm="Stop the test" {...given} />);
    return given;
  };
  const say = async (actor, reason) => {
    const user = userEvent.setup();
    if (actor) await user.type(screen.getByLabelText('Your name'), actor);
    if (reason) await user.type(screen.getByLabelText('Reason'), reason);
    await user.click(screen.getByRole('button', { name: 'Stop the test' }));
  };

  it('needs a name and a reason, and says which is missing', async () => {
    const { onConfirm, onClose } = show();
    await say(' ', '');
    expect(screen.getByLabelText('Your name')).toHaveAccessibleDescription(
      /Please say who you are/,
    );
    expect(screen.getByLabelText('Reason')).toHaveAccessibleDescription(/Please say why/);
    expect(onConfirm).not.toHaveBeenCalled();
    expect(onClose).not.toHaveBeenCalled();
  });
  it('gives the focus to the first that is to be mended', async () => {
    show();
    await say('', '');
    expect(screen.getByLabelText('Your name')).toHaveFocus();
    await say('ann', '');
    expect(screen.getByLabelText('Reason')).toHaveFocus();
  });
  it('gives on what was said, without blanks around it, and closes', async () => {
    const { onConfirm, onClose } = show();
    await say('ann', ' Too slow. ');
    expect(onConfirm).toHaveBeenCalledWith({ actor: 'ann', reason: 'Too slow.' });
    expect(onClose).toHaveBeenCalledOnce();
  });
  it('counts bytes as the library does', async () => {
    const { onConfirm } = show();
    fireEvent.change(screen.getByLabelText('Reason'), { target: { value: 'é'.repeat(501) } });
    await say('ann');
    expect(screen.getByLabelText('Reason')).toHaveAccessibleDescription(/Too long by 2 bytes/);
    expect(onConfirm).not.toHaveBeenCalled();
  });
  it('stays open with what was typed when it fails, and says why', async () => {
    const refused = new ApiError(409, {
      title: 'Not possible',
      detail: 'Test 5 has ended meanwhile.',
    });
    const { onClose } = show({ onConfirm: vi.fn().mockRejectedValue(refused) });
    await say('ann', 'Too slow.');
    expect(await screen.findByRole('alert')).toHaveTextContent('Test 5 has ended meanwhile.');
    expect(screen.getByLabelText('Reason')).toHaveValue('Too slow.');
    expect(screen.getByRole('button', { name: 'Stop the test' })).toBeEnabled();
    expect(onClose).not.toHaveBeenCalled();
  });
  it('shows a field’s own mistake beside it', async () => {
    const refused = new ApiError(422, {
      title: 'Not understood',
      detail: 'A field is wrong.',
      errors: [{ field: 'actor', detail: 'No control characters.' }],
    });
    show({ onConfirm: vi.fn().mockRejectedValue(refused) });
    await say('ann', 'Too slow.');
    expect(await screen.findByText('No control characters.')).toBeInTheDocument();
  });
  it('asks once while it waits, and cannot be closed by Escape then', async () => {
    let end;
    const onConfirm = vi.fn(() => new Promise((resolve) => (end = resolve)));
    const { onClose } = show({ onConfirm });
    await say('ann', 'Too slow.');
    const form = screen.getByLabelText('Reason').closest('form');
    fireEvent.submit(form);
    fireEvent(form.closest('dialog'), new Event('cancel', { cancelable: true }));
    expect(onConfirm).toHaveBeenCalledOnce();
    expect(onClose).not.toHaveBeenCalled();
    end();
    await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  });
  it('is given up by Escape and by its button', () => {
    const { onClose } = show();
    fireEvent(document.querySelector('dialog'), new Event('cancel', { cancelable: true }));
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(onClose).toHaveBeenCalledTimes(2);
  });
  it('remembers the name in this tab', async () => {
    show();
    await say('ann', 'Too slow.');
    expect(sessionStorage.getItem('llmlearn-actor')).toBe('ann');
  });
  it('is accessible', async () => {
    show();
    await expectAccessible(document.body);
  });
});

describe('DecisionHistory', () => {
  it('says when, what, from which to which, who and why', () => {
    render(<DecisionHistory decisions={testOf('REDUCE').decisions} />);
    const row = screen.getAllByRole('row').find((one) => one.textContent.includes('Rollback'));
    expect(row).toHaveTextContent('v1.1 → v1.0');
    expect(row).toHaveTextContent('ann@example.com');
    expect(row).toHaveTextContent('Readers complain about v1.1.');
  });
  it('opens the evidence of a promotion against a test', async () => {
    render(<DecisionHistory decisions={testOf('REDUCE').decisions} />);
    const row = screen
      .getAllByRole('row')
      .find((one) => one.textContent.includes('against the test'));
    const button = within(row).getByRole('button', { name: /Evidence/ });
    expect(button).toHaveAttribute('aria-expanded', 'false');
    await userEvent.click(button);
    expect(button).toHaveAttribute('aria-expanded', 'true');
    expect(
      screen.getByText(/It went against test 3, which said “Not decided yet”/),
    ).toBeInTheDocument();
    expect(screen.getByText(/"override": true/)).toBeInTheDocument();
  });
  it('says that there is none', () => {
    render(<DecisionHistory decisions={[]} />);
    expect(screen.getByText('Nothing was decided yet.')).toBeInTheDocument();
  });
});

describe('DraftList', () => {
  const drafts = library().variants.variants.filter((one) => /^g2/.test(one.version));
  it('shows each beside the champion, with who wrote it and why', async () => {
    const { container } = render(
      <DraftList
        drafts={drafts}
        champion={{ version: 'v1.1', text: 'Explain.' }}
        onApprove={vi.fn()}
        onArchive={vi.fn()}
      />,
    );
    const [first] = screen.getAllByRole('listitem');
    expect(first).toHaveTextContent('written by simulated from v1.1');
    expect(first).toHaveTextContent(drafts[0].hypothesis);
    await expectAccessible(container);
  });
  it('asks for the one that was meant', async () => {
    const onApprove = vi.fn();
    const onArchive = vi.fn();
    render(
      <DraftList
        drafts={drafts}
        champion={{ version: 'v1.1', text: null }}
        onApprove={onApprove}
        onArchive={onArchive}
      />,
    );
    await userEvent.click(screen.getByRole('button', { name: /Approve….*g2.1/ }));
    await userEvent.click(screen.getByRole('button', { name: /Archive….*g2.2/ }));
    expect(onApprove.mock.calls[0][0].version).toBe('g2.1');
    expect(onArchive.mock.calls[0][0].version).toBe('g2.2');
  });
});

describe('SignalPicker', () => {
  const all = library();
  it('says how each signal is, and which is chosen', async () => {
    const onChange = vi.fn();
    const { container } = render(
      <SignalPicker
        signals={['BUY', 'SHORT', 'WATCH']}
        report={all.ab_tests}
        variants={all.variants.variants}
        decisions={all.decisions.decisions}
        value="BUY"
        onChange={onChange}
      />,
    );
    expect(screen.getByRole('button', { pressed: true })).toHaveTextContent(
      /BUY.*Running.*serves v1.1.*2 drafts/,
    );
    expect(screen.getByRole('button', { name: /SHORT/ })).toHaveTextContent('Invalid');
    expect(screen.getByRole('button', { name: /WATCH/ })).toHaveTextContent('No test');
    await userEvent.click(screen.getByRole('button', { name: /SHORT/ }));
    expect(onChange).toHaveBeenCalledWith('SHORT');
    await expectAccessible(container);
  });
});

describe('StartTestForm', () => {
  const variants = library().variants.variants.filter((one) => one.signal === 'BUY');
  const show = () => {
    const given = { onStart: vi.fn().mockResolvedValue({ test_id: 10 }), onClose: vi.fn() };
    render(<StartTestForm signal="BUY" champion="v1.1" variants={variants} {...given} />);
    return given;
  };
  it('starts with equal shares, the champion among them', async () => {
    const user = userEvent.setup();
    const { onStart } = show();
    await user.click(screen.getByRole('checkbox', { name: /^g1.1/ }));
    await user.click(screen.getByRole('checkbox', { name: /^g1.2/ }));
    await user.click(screen.getByRole('radio', { name: /Always valid/ }));
    await user.selectOptions(screen.getByLabelText('Smallest lift worth finding'), '0.1');
    await user.type(screen.getByLabelText('Your name'), 'ann');
    await user.click(screen.getByRole('button', { name: 'Start the test' }));
    const third = 1 / 3;
    expect(onStart).toHaveBeenCalledWith({
      signal: 'BUY',
      rule: 'always_valid',
      actor: 'ann',
      lift_min: 0.1,
      duration_max_days: 56,
      arms: [
        { version: 'v1.1', weight: third },
        { version: 'g1.1', weight: third },
        { version: 'g1.2', weight: third },
      ],
    });
  });
  it('offers no draft that nobody has read, and says so', () => {
    show();
    expect(screen.queryByRole('checkbox', { name: /^g2/ })).toBeNull();
    expect(screen.getByText(/2 drafts are missing here/)).toBeInTheDocument();
  });
  it('needs another arm, and days that make sense', async () => {
    const user = userEvent.setup();
    const { onStart } = show();
    await user.type(screen.getByLabelText('Your name'), 'ann');
    await user.click(screen.getByRole('button', { name: 'Start the test' }));
    expect(await screen.findByRole('alert')).toHaveTextContent(
      'at least one arm beside the champion',
    );
    expect(screen.queryByText(/Each arm gets/)).toBeNull(); // 100 % of the readers, it would be
    await user.click(screen.getByRole('checkbox', { name: /^g1.1/ }));
    expect(screen.getByText(/Each arm gets 50.0 % of the readers\./)).toBeInTheDocument();
    await user.clear(screen.getByLabelText('Days at the most'));
    await user.type(screen.getByLabelText('Days at the most'), '3');
    await user.click(screen.getByRole('button', { name: 'Start the test' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('The days must be 7 to 3650');
    expect(onStart).not.toHaveBeenCalled();
  });
});
