import { act, render, renderHook, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { SignIn } from '../src/components/SignIn.jsx';
import { acceptToken, getToken, refuseToken, signIn, signOut } from '../src/session.js';
import { takeTokenFromAddress, useSession } from '../src/session.js';
import { expectAccessible } from './accessible.js';

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
  it('takes what was typed, without blanks around it', async () => {
    const { container } = render(<SignIn title="Analytics" />);
    await expectAccessible(container);
    await userEvent.type(screen.getByLabelText('Admin token'), ' secret {Enter}');
    expect(getToken()).toBe('secret');
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
