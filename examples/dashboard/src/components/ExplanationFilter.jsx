import { useEffect, useId, useState } from 'react';
import { Segmented } from './Segmented.jsx';
import './ExplanationFilter.css';

const PAUSE_MS = 400; // after typing, before it takes effect
const USUAL = ['BUY', 'SELL', 'HOLD'];
const SIDE_BY_SIDE_MAX = 30; // letters, of all names together; more do not fit on a phone

/**
 * Which explanations to show: of one signal, of one ticker.
 *
 * @param {{signal: string, ticker: string, seen: {signal: string, ticker: string}[],
 *   onSignal: (signal: string) => void, onTicker: (ticker: string) => void}} props
 *   '' is all of them; seen: explanations whose names are offered
 */
export function ExplanationFilter({ signal, ticker, seen, onSignal, onTicker }) {
  const names = new Set([...USUAL, ...seen.map((one) => one.signal), signal]);
  names.delete('');
  const options = [{ value: '', label: 'All' }, ...[...names].map((n) => ({ value: n, label: n }))];
  return (
    <form className="explanation-filter" role="search" onSubmit={(event) => event.preventDefault()}>
      {[...names].join('').length <= SIDE_BY_SIDE_MAX ? (
        <Segmented label="Signal" value={signal} onChange={onSignal} options={options} />
      ) : (
        <select
          className="input"
          aria-label="Signal"
          value={signal}
          onChange={(event) => onSignal(event.target.value)}
        >
          {options.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      )}
      <TickerInput ticker={ticker} seen={seen} onTicker={onTicker} />
    </form>
  );
}

/** A ticker as it is written, where it was seen; else in capitals, as tickers mostly are. */
function asWritten(typed, seen) {
  const wanted = typed.trim().toUpperCase();
  return seen.find((one) => one.ticker.toUpperCase() === wanted)?.ticker ?? wanted;
}

function TickerInput({ ticker, seen, onTicker }) {
  const [typed, setTyped] = useState(ticker);
  const [applied, setApplied] = useState(ticker);
  const list = useId();
  const wanted = asWritten(typed, seen);

  if (applied !== ticker) {
    setApplied(ticker);
    if (ticker !== wanted) setTyped(ticker); // the address has changed, by going back, say
  }
  useEffect(() => {
    if (wanted === ticker) return undefined;
    const timer = setTimeout(() => onTicker(wanted), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted, ticker, onTicker]);

  return (
    <>
      <input
        type="search"
        className="input"
        aria-label="Ticker"
        placeholder="All tickers"
        list={list}
        value={typed}
        maxLength={128}
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
      />
      <datalist id={list}>
        {[...new Set(seen.map((one) => one.ticker))].sort().map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
