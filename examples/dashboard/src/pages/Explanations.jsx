import { useState } from 'react';
import { listExplanations } from '../api.js';
import { EmptyState } from '../components/EmptyState.jsx';
import { ErrorNotice } from '../components/ErrorNotice.jsx';
import { ExplainForm } from '../components/ExplainForm.jsx';
import { ExplanationCard } from '../components/ExplanationCard.jsx';
import { ExplanationFilter } from '../components/ExplanationFilter.jsx';
import { Freshness } from '../components/Freshness.jsx';
import { ResourceView } from '../components/ResourceView.jsx';
import { useParam } from '../router.jsx';
import { useResource } from '../useResource.js';
import './Explanations.css';

const PAGE = 20;

/** The latest explanations, to be read and voted on. */
export function Explanations() {
  const [signal, setSignal] = useParam('signal');
  const [ticker, setTicker] = useParam('ticker');
  const [made, setMade] = useState([]); // asked for here, newest first
  const filter = { signal, ticker };
  const latest = useResource((abort) => listExplanations({ limit: PAGE, ...filter }, abort), {
    key: JSON.stringify(filter),
    refreshMs: 0, // a list must not move under its reader
  });

  return (
    <>
      <header className="page-head">
        <div>
          <h1>Explanations</h1>
          <p>Say what helps you: votes decide which prompt writes the next ones.</p>
        </div>
        <Freshness resource={latest} />
      </header>
      <div className="explanations-page">
        <ExplainForm onMade={(one) => setMade((before) => [one, ...before])} />
        <div className="stack">
          <ExplanationFilter
            signal={signal}
            ticker={ticker}
            seen={latest.data?.explanations ?? []}
            onSignal={setSignal}
            onTicker={setTicker}
          />
          {made.map((one) => (
            <ExplanationCard key={one.id} explanation={one} />
          ))}
          <ResourceView resource={latest} skeleton={<LoadingList />}>
            {(page) => (
              <List key={JSON.stringify(filter)} first={page} filter={filter} made={made} />
            )}
          </ResourceView>
        </div>
      </div>
    </>
  );
}

function LoadingList() {
  return (
    <div className="stack">
      {[1, 2, 3].map((number) => (
        <ExplanationCard key={number} loading />
      ))}
    </div>
  );
}

function List({ first, filter, made }) {
  const list = useList(first, filter);
  const shown = without(list.explanations, made);

  if (shown.length === 0 && !list.next) return <Nothing filter={filter} />;
  return (
    <>
      {shown.map((one) => (
        <ExplanationCard key={one.id} explanation={one} />
      ))}
      {list.error && <ErrorNotice error={list.error} onRetry={list.load} />}
      {list.next && !list.error && (
        <button
          type="button"
          className="button explanations-more"
          onClick={list.loading ? undefined : list.load}
          aria-disabled={list.loading}
        >
          {list.loading ? 'Loading …' : 'Show older ones'}
        </button>
      )}
    </>
  );
}

function Nothing({ filter: { signal, ticker } }) {
  if (signal || ticker)
    return (
      <EmptyState title="Nothing fits">
        There is no explanation {signal && `of ${signal} `}
        {ticker && `for ${ticker}`}. Try it with less of a filter.
      </EmptyState>
    );
  return (
    <EmptyState title="No explanations yet">
      They appear here as soon as your application logs one, or when you have a signal explained.
    </EmptyState>
  );
}

const without = (explanations, others) => {
  const known = new Set(others.map((one) => one.id));
  return explanations.filter((one) => !known.has(one.id));
};

/** Another page of older ones, below. */
const append = (list, page) => ({
  explanations: [...list.explanations, ...without(page.explanations, list.explanations)],
  next: page.next,
});

/** The first page anew, on top; where it no longer meets the list, alone. */
function renew(list, first) {
  const rest = without(list.explanations, first.explanations);
  if (rest.length === list.explanations.length) return first;
  return { explanations: [...first.explanations, ...rest], next: list.next };
}

/**
 * The list so far: the first page, and older ones at each call of `load`. When the first
 * page is loaded again, what is new joins on top and nothing that is there goes away.
 */
function useList(first, filter) {
  const [list, setList] = useState(first);
  const [seen, setSeen] = useState(first);
  const [state, setState] = useState({ loading: false, error: null });
  if (seen !== first) {
    setSeen(first);
    setList(renew(list, first));
  }

  const load = async () => {
    setState({ loading: true, error: null });
    try {
      const page = await listExplanations({ limit: PAGE, before: list.next, ...filter });
      setList((before) => append(before, page));
      setState({ loading: false, error: null });
    } catch (error) {
      setState({ loading: false, error });
    }
  };
  return { ...list, ...state, load };
}
