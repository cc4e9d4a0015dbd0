import { getAnalytics } from '../api.js';
import { AnalyticsTiles } from '../components/AnalyticsTiles.jsx';
import { EmptyState } from '../components/EmptyState.jsx';
import { Freshness } from '../components/Freshness.jsx';
import { COLUMNS, GroupTable } from '../components/GroupTable.jsx';
import { RatingHistogram } from '../components/RatingHistogram.jsx';
import { ResourceView } from '../components/ResourceView.jsx';
import { Segmented } from '../components/Segmented.jsx';
import { SeriesPanel } from '../components/SeriesPanel.jsx';
import { SignalBadge } from '../components/SignalBadge.jsx';
import { Skeleton } from '../components/Skeleton.jsx';
import { UsagePanel } from '../components/UsagePanel.jsx';
import { count, day, fixed, plural } from '../format.js';
import { Link, useParam } from '../router.jsx';
import { useResource } from '../useResource.js';
import './LLMAnalytics.css';

const WINDOWS = [7, 30, 90].map((days) => ({ value: String(days), label: `${days} days` }));

/** What people think of the explanations, and what these cost. */
export default function LLMAnalytics() {
  const [wanted, setDays] = useParam('days', '30');
  const days = WINDOWS.some(({ value }) => value === wanted) ? wanted : '30';
  const report = useResource((signal, { refresh }) => getAnalytics({ days, refresh }, signal), {
    key: days,
  });
  return (
    <>
      <header className="page-head">
        <div>
          <h1>Analytics</h1>
          <p>What people think of the explanations, and what these cost.</p>
        </div>
        <div className="toolbar">
          <Freshness resource={report} asOf={report.data?.as_of} />
          <Segmented label="Window" value={days} onChange={setDays} options={WINDOWS} />
        </div>
      </header>
      <div className="stack">
        <ResourceView resource={report} skeleton={<Loading />}>
          {(data) =>
            data.total_explanations + data.total_feedback > 0 ? (
              <Report data={data} />
            ) : (
              <Nothing days={days} />
            )
          }
        </ResourceView>
      </div>
    </>
  );
}

function Loading() {
  return (
    <>
      <Skeleton label="Loading the numbers" rows={1} height={210} />
      <Skeleton label="" rows={1} height={360} />
    </>
  );
}

function Nothing({ days }) {
  return (
    <EmptyState title={`Nothing in the last ${days} days`}>
      Numbers appear as soon as explanations are logged and people vote on them. You can vote on{' '}
      <Link to="/">the latest explanations</Link> yourself.
    </EmptyState>
  );
}

function Report({ data }) {
  return (
    <>
      <AnalyticsTiles report={data} />
      <WindowNote report={data} />
      <SeriesPanel series={data.series} today={data.window.to} />
      <div className="analytics-pair">
        <Panel title="By signal" note="The thin line is the rate of all.">
          <GroupTable
            caption="By signal"
            name="Signal"
            rows={data.by_signal}
            keyOf={(row) => row.signal}
            nameOf={(row) => <SignalBadge signal={row.signal} />}
            columns={[COLUMNS.explanations, COLUMNS.rating]}
            reference={data.positive_rate}
          />
        </Panel>
        <Panel
          title="Ratings"
          note={`${fixed(data.average_rating, 2)} on average, ${plural(data.rating_count, 'rating')}`}
          inset
        >
          <RatingHistogram histogram={data.rating_histogram} />
        </Panel>
      </div>
      <Panel
        title="By prompt variant"
        note="Compare variants by a test: readers here are not alike."
      >
        <GroupTable
          caption="By prompt variant"
          name="Variant"
          rows={data.by_variant}
          keyOf={(row) => `${row.signal} ${row.version}`}
          nameOf={variantName}
          columns={[
            COLUMNS.explanations,
            COLUMNS.rating,
            COLUMNS.latency,
            COLUMNS.cost,
            COLUMNS.cached,
          ]}
          reference={data.positive_rate}
        />
      </Panel>
      <div className="analytics-pair">
        <Panel title="By ticker" note={`The ${count(data.by_ticker.length)} with most votes`}>
          <GroupTable
            caption="By ticker"
            name="Ticker"
            rows={data.by_ticker}
            keyOf={(row) => row.ticker}
            nameOf={(row) => (
              <Link to={`/?ticker=${encodeURIComponent(row.ticker)}`}>{row.ticker}</Link>
            )}
            columns={[COLUMNS.explanations, COLUMNS.rating]}
            reference={data.positive_rate}
          />
        </Panel>
        <UsagePanel report={data} />
      </div>
    </>
  );
}

function variantName({ signal, version, status }) {
  return (
    <span className="analytics-variant">
      <SignalBadge signal={signal} />
      {version}
      {status === 'champion' && <span className="badge accent">champion</span>}
      {status === 'archived' && <span className="badge">archived</span>}
    </span>
  );
}

function Panel({ title, note, inset = false, children }) {
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{title}</h2>
        <p>{note}</p>
      </div>
      <div className={inset ? 'panel-body' : 'analytics-table'}>{children}</div>
    </section>
  );
}

function WindowNote({ report: { window, previous, pending } }) {
  return (
    <p className="analytics-note">
      {day(window.from)} to {day(window.to)} (UTC), today included so far.
      {previous?.explanations > 0 && ` Changes are against the ${window.days} days before.`}
      {pending > 0 && ` ${plural(pending, 'record')} just logged and not counted yet.`}
    </p>
  );
}
