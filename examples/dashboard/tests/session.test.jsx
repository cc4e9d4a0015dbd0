import { act, render, renderHook, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { SignIn } from '../src/components/SignIn.jsx';
import { acceptToken, getToken, refuseToken, signIn, signOut } from '../src/session.js';
import { takeTokenFromAddress, useSession } from '../src/session.js';
import { expectAccessible } from './accessible.js';
import { later, problem, serve } from './server.js';

beforeEach(signOut);

describe('a token in the address', () => {
  it('is taken over and gone from the address', () => {
    history.replaceState(null, '', '/analytics?days=7#token=secret');
    takeTokenFromAddress();
    expect(getToken()).toBe('secret');
    expect(location.href).toMatch(/\/analytics\?days=7$/);
  });

  it('is not looked for in any other part', () => {
    history.replaceState(null, '', '/analytics?token=secret#elsewhere');
    takeTokenFromAddress();
    expect(getToken()).toBeNull();
    expect(location.hash).toBe('#elsewhere');
  });
});

describe('a session', () => {
  function Who() {
    const { token, refused } = useSession();
    return <p>{token ?? (refused ? 'refused' : 'nobody')}</p>;
  }

  it('is in this tab’s storage and nowhere else', () => {
    signIn(' secret ');
    expect(Object.values({ ...sessionStorage })).toEqual(['secret']);
    expect({ ...localStorage }).toEqual({});
    expect(document.cookie).not.toContain('secret');
    signOut();
    expect({ ...sessionStorage }).toEqual({});
  });

  it('tells who looks at it', () => {
    render(<Who />);
    expect(screen.getByText('nobody')).toBeVisible();
    act(() => signIn('secret'));
    expect(screen.getByText('secret')).toBeVisible();
    act(() => refuseToken('another'));
    expect(screen.getByText('secret')).toBeVisible();
    act(() => refuseToken('secret'));
    expect(screen.getByText('refused')).toBeVisible();
  });
});

describe('a token that is refused', () => {
  const refusal = () => {
    signIn('secret');
    refuseToken('secret');
    return renderHook(useSession).result.current.refused;
  };

  it('has ended if it was good', () => {
    signIn('secret');
    acceptToken('secret');
    expect(refusal()).toBe('ended');
  });

  it('was wrong if it was good before the last sign-out', () => {
    signIn('secret');
    acceptToken('secret');
    signOut();
    expect(refusal()).toBe('wrong');
  });

  it('was wrong if the server took it after the sign-out', () => {
    signOut();
    acceptToken('secret');
    expect(refusal()).toBe('wrong');
  });
});

describe('signing in', () => {
  const ASK = 'GET /api/admin/decisions';
  const field = () => screen.getByLabelText('Admin token');

  it('takes what was typed, without blanks around it, once the server has', async () => {
    const waiting = later();
    const { asked } = serve({ [ASK]: () => waiting.promise });
    const { container } = render(<SignIn title="Analytics" />);
    await expectAccessible(container);
    await userEvent.type(field(), ' secret {Enter}{Enter}');
    await userEvent.click(screen.getByRole('button'));
    expect(asked.map(({ headers }) => headers.Authorization)).toEqual(['Bearer secret']);
    expect(getToken()).toBeNull();
    waiting.answer({ decisions: [] });
    await waitFor(() => expect(getToken()).toBe('secret'));
  });

  it('says that a token is wrong, and the next one may be typed at once', async () => {
    serve({ [ASK]: () => problem(401, 'Not signed in', 'The token is missing or wrong.') });
    const { container } = render(<SignIn title="Analytics" />);
    await userEvent.type(field(), 'wrong');
    await userEvent.click(screen.getByRole('button'));
    expect(await screen.findByRole('alert')).toHaveTextContent('did not accept this token');
    expect(field()).toBeInvalid();
    expect(field()).toHaveValue('wrong');
    expect(getToken()).toBeNull();
    await expectAccessible(container);
    await userEvent.keyboard('other');
    expect(field()).toHaveValue('other');
  });

  it('keeps what was typed while the server is gone', async () => {
    const { routes } = serve({ [ASK]: () => Promise.reject(new TypeError('gone')) });
    render(<SignIn title="Analytics" />);
    await userEvent.type(field(), 'secret{Enter}');
    expect(await screen.findByRole('alert')).toHaveTextContent('No connection');
    expect(field()).toBeValid();
    expect(getToken()).toBeNull();
    routes[ASK] = { decisions: [] };
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(getToken()).toBe('secret'));
  });

  it('is given up by who leaves', async () => {
    const waiting = later();
    serve({ [ASK]: () => waiting.promise });
    const { unmount } = render(<SignIn title="Analytics" />);
    await userEvent.type(field(), 'secret{Enter}');
    unmount();
    await act(async () => waiting.answer({ decisions: [] }));
    expect(getToken()).toBeNull();
  });

  it('says that the last one was refused', () => {
    render(<SignIn title="Analytics" refused="wrong" />);
    expect(screen.getByRole('alert')).toHaveTextContent('did not accept this token');
    expect(screen.getByLabelText('Admin token')).toBeInvalid();
  });

  it('hides what is typed', () => {
    render(<SignIn title="Analytics" />);
    expect(screen.getByLabelText('Admin token')).toHaveAttribute('type', 'password');
  });
});
