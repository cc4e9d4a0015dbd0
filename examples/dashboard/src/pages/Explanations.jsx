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
          {made.map((one) => (
            <ExplanationCard key={one.id} explanation={one} />
          ))}
          <ExplanationFilter
            signal={signal}
            ticker={ticker}
            seen={latest.data?.explanations ?? []}
            onSignal={setSignal}
            onTicker={setTicker}
          />
          <ResourceView resource={latest} skeleton={<LoadingList />}>
            {(page) => (
              <List key={page.explanations[0]?.id ?? 'none'} first={page} filter={filter} made={made} />
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
  const older = useOlder(first, filter);
  const here = new Set(made.map((one) => one.id));
  const shown = [...first.explanations, ...older.explanations].filter((one) => !here.has(one.id));

  if (shown.length === 0 && !older.next) return <Nothing filter={filter} />;
  return (
    <>
      {shown.map((one) => (
        <ExplanationCard key={one.id} explanation={one} />
      ))}
      {older.error && <ErrorNotice error={older.error} onRetry={older.load} />}
      {older.next && !older.error && (
        <button
          type="button"
          className="button explanations-more"
          onClick={older.load}
          disabled={older.loading}
        >
          {older.loading ? 'Loading …' : 'Show older ones'}
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

/** The pages after the first, one at each call of `load`. */
function useOlder(first, filter) {
  const [state, setState] = useState({ explanations: [], next: first.next });
  const load = async () => {
    setState((before) => ({ ...before, loading: true, error: null }));
    try {
      const page = await listExplanations({ limit: PAGE, before: state.next, ...filter });
      setState((before) => ({
        explanations: [...before.explanations, ...page.explanations],
        next: page.next,
      }));
    } catch (error) {
      setState((before) => ({ ...before, loading: false, error }));
    }
  };
  return { ...state, load };
}
