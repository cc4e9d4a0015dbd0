import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { Link, navigate, useParam, usePath } from '../src/router.jsx';

function Here() {
  const path = usePath();
  const [days, setDays] = useParam('days', '30');
  return (
    <>
      <p>
        {path} {days}
      </p>
      <button onClick={() => setDays('7')}>7</button>
      <button onClick={() => setDays('30')}>30</button>
      <Link to="/other">other</Link>
    </>
  );
}

describe('the address', () => {
  it('is followed by links, without a new page', async () => {
    render(<Here />);
    await userEvent.click(screen.getByText('other'));
    expect(screen.getByText('/other 30')).toBeVisible();
  });

  it('is followed when the browser goes back', async () => {
    render(<Here />);
    act(() => navigate('/other'));
    act(() => history.back());
    expect(await screen.findByText('/ 30')).toBeVisible();
  });

  it('keeps a choice, but not the usual one', async () => {
    history.replaceState(null, '', '/?signal=BUY');
    render(<Here />);
    await userEvent.click(screen.getByText('7'));
    expect(location.search).toBe('?signal=BUY&days=7');
    expect(screen.getByText('/ 7')).toBeVisible();
    await userEvent.click(screen.getByText('30'));
    expect(location.search).toBe('?signal=BUY');
  });

  it('is left to the browser with a modifier key', async () => {
    render(<Here />);
    const user = userEvent.setup();
    const link = screen.getByText('other');
    let prevented;
    link.parentNode.addEventListener('click', (event) => {
      prevented = event.defaultPrevented;
      event.preventDefault(); // jsdom cannot follow it
    });
    await user.keyboard('{Control>}');
    await user.click(link);
    expect(prevented).toBe(false);
  });
});
