import { Activity, Suspense, useEffect, useRef, useState } from 'react';
import { EmptyState } from './components/EmptyState.jsx';
import { ErrorBoundary } from './components/ErrorBoundary.jsx';
import { SignIn } from './components/SignIn.jsx';
import { Skeleton } from './components/Skeleton.jsx';
import { ThemeSwitch } from './components/ThemeSwitch.jsx';
import { Explanations } from './pages/Explanations.jsx';
import { lazyPart } from './lazyPart.js';
import { Link, usePath } from './router.jsx';
import { signOut, useSession } from './session.js';
import { useKeptFocus } from './useKeptFocus.js';
import './App.css';

const LLMAnalytics = lazyPart(() => import('./pages/LLMAnalytics.jsx'));
const PromptABTest = lazyPart(() => import('./pages/PromptABTest.jsx'));

const PAGES = [
  { path: '/', title: 'Explanations', Page: Explanations },
  { path: '/analytics', title: 'Analytics', Page: LLMAnalytics, admin: true },
  { path: '/ab-tests', title: 'A/B tests', Page: PromptABTest, admin: true },
];

export function App() {
  const path = usePath();
  const page = PAGES.find((one) => one.path === path);
  const main = usePageChange(path, page?.title ?? 'Not found');
  useKeptFocus(main);

  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <Header path={path} />
      <main id="main" tabIndex={-1} ref={main} className="page">
        <ErrorBoundary key={path}>
          <Suspense fallback={<Skeleton label="Loading the page" rows={6} />}>
            {page ? <Guarded page={page} /> : <NotFound />}
          </Suspense>
        </ErrorBoundary>
      </main>
    </>
  );
}

/** Names the page in the title and, after a change of page, moves the focus to it. */
function usePageChange(path, title) {
  const main = useRef(null);
  const shown = useRef(path);
  useEffect(() => {
    document.title = `${title} · llmlearn`;
    if (shown.current === path) return;
    shown.current = path;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [path, title]);
  return main;
}

function Header({ path }) {
  const { token } = useSession();
  return (
    <header className="app-header">
      <div className="app-header-inner">
        <Link to="/" className="brand">
          <img src="/favicon.svg" width="24" height="24" alt="" />
          <span>llmlearn</span>
        </Link>
        <nav aria-label="Pages">
          {PAGES.map((page) => (
            <Link
              key={page.path}
              to={page.path}
              className="nav-link"
              aria-current={page.path === path ? 'page' : undefined}
            >
              {page.title}
            </Link>
          ))}
        </nav>
        <div className="app-header-end">
          {token && (
            <button type="button" className="button quiet" onClick={signOut}>
              Sign out
            </button>
          )}
          <ThemeSwitch />
        </div>
      </div>
    </header>
  );
}

/** Who is signed out by the server finds all they had typed when they have signed in again. */
function Guarded({ page: { Page, title, admin } }) {
  const { token, refused } = useSession();
  const [wasShown, setWasShown] = useState(false); // here, and not signed out since
  const waits = wasShown && refused === 'ended';
  const isThere = token !== null || waits;
  if (wasShown !== isThere) setWasShown(isThere);
  if (!admin) return <Page />;
  return (
    <>
      {!token && <SignIn key={String(waits)} title={title} refused={refused} waits={waits} />}
      {isThere && (
        <Activity mode={token ? 'visible' : 'hidden'}>
          <Page />
        </Activity>
      )}
    </>
  );
}

function NotFound() {
  return (
    <EmptyState heading="h1" title="There is no such page">
      Perhaps the address was cut off. Go to the <Link to="/">latest explanations</Link>.
    </EmptyState>
  );
}
