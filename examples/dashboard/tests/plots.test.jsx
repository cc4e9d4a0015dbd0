import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { Change } from '../src/components/Change.jsx';
import { RateInterval } from '../src/components/RateInterval.jsx';
import { RatingHistogram } from '../src/components/RatingHistogram.jsx';
import { SignalBadge } from '../src/components/SignalBadge.jsx';
import { Dot } from '../src/components/SeriesChart.jsx';
import { Sparkline } from '../src/components/Sparkline.jsx';

const plain = (text) => text.replaceAll('\u00a0', ' ');

it('today has a dot only once there is a number of it', () => {
  const draw = (payload) =>
    render(
      <svg>
        <Dot cx={9} cy={9} today="2026-11-27" name="positive_rate" payload={payload} />
      </svg>,
    ).container.querySelector('circle');
  expect(draw({ day: '2026-11-27', positive_rate: 0.5 })).not.toBeNull();
  expect(draw({ day: '2026-11-27', positive_rate: null })).toBeNull();
  expect(draw({ day: '2026-11-26', positive_rate: 0.5 })).toBeNull();
});

describe('an interval', () => {
  const draw = (props) => render(<RateInterval rate={0.6} interval={[0.5, 0.7]} {...props} />);

  it('stands where its axis says', () => {
    const { container } = draw({ axis: [0.4, 0.8], reference: 0.5 });
    const at = (selector, name) => container.querySelector(selector).getAttribute(name);
    expect(at('circle', 'cx')).toBe('50.00%');
    expect(at('.range', 'x1')).toBe('25.00%');
    expect(at('.range', 'x2')).toBe('75.00%');
    expect(at('.reference', 'x1')).toBe('25.00%');
  });

  it('is said in words', () => {
    draw({ label: 'BUY' });
    const name = screen.getByRole('img').getAttribute('aria-label');
    expect(plain(name)).toBe('BUY: 60.0 %, 95 % interval 50.0 to 70.0 %');
  });

  it('of nothing says so', () => {
    const { container } = draw({ rate: null, interval: null });
    expect(container).toHaveTextContent('no votes');
    expect(container.querySelector('svg')).toBeNull();
  });
});

describe('a sparkline', () => {
  const draw = (values, partial) =>
    render(<Sparkline values={values} label="Votes" partial={partial} />).container;

  it('goes from low to high', () => {
    const points = draw([1, 3, 2]).querySelector('polyline').getAttribute('points');
    expect(points).toBe('3.0,25.0 60.0,3.0 117.0,14.0');
  });

  it('leaves a gap where a day has no number', () => {
    expect(draw([1, null, 3, 2]).querySelectorAll('polyline')).toHaveLength(2);
  });

  it('leaves out the day that is not over', () => {
    const points = draw([1, 2, 0], true).querySelector('polyline').getAttribute('points');
    expect(points.split(' ')).toHaveLength(2);
  });

  it.each([[[]], [[null, null]], [[5]], [[4, 4, 4]]])('of %j does not fail', (values) => {
    expect(draw(values).innerHTML).not.toMatch(/NaN|Infinity/);
  });
});

describe('a histogram', () => {
  it('is as long as its counts', () => {
    const { container } = render(<RatingHistogram histogram={[0, 1, 2, 4, 3]} />);
    const widths = [...container.querySelectorAll('rect:not(.track)')].map((bar) =>
      bar.getAttribute('width'),
    );
    expect(widths).toEqual(['75%', '100%', '50%', '25%', '0%']);
  });

  it('of nothing has no length and no share', () => {
    const { container } = render(<RatingHistogram histogram={[0, 0, 0, 0, 0]} />);
    expect(container.innerHTML).not.toMatch(/NaN/);
    expect(container).toHaveTextContent('–');
  });
});

describe('a change', () => {
  const text = (props) => {
    const { container } = render(<Change {...props} />);
    return plain(container.textContent);
  };

  it.each([
    [{ now: 120, before: 100 }, '+20 %'],
    [{ now: 80, before: 100, better: 'up' }, '−20 %, worse'],
    [{ now: 80, before: 100, better: 'down' }, '−20 %, better'],
    [{ now: 100, before: 100, better: 'up' }, '±0 %'],
    [{ now: 5, before: 0 }, ''],
    [{ now: null, before: 5 }, ''],
    [{ now: 5, before: undefined }, ''],
    [{ now: 3.5, before: 3.25, as: 'stars' }, '+0.25'],
  ])('%j is said as "%s"', (props, expected) => {
    expect(text(props)).toBe(expected);
  });
});

it('each signal has a shape of its own', () => {
  const shape = (signal) =>
    render(<SignalBadge signal={signal} />)
      .container.querySelector('path')
      .getAttribute('d');
  expect(new Set(['BUY', 'SELL', 'HOLD', 'WAIT'].map(shape)).size).toBe(4);
});
