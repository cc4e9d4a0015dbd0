import { getAnalytics } from '../api.js';
import { Freshness } from '../components/Freshness.jsx';
import { ResourceView } from '../components/ResourceView.jsx';
import { Segmented } from '../components/Segmented.jsx';
import { count, interval, percent } from '../format.js';
import { useParam } from '../router.jsx';
import { useResource } from '../useResource.js';

const WINDOWS = [7, 30, 90].map((days) => ({ value: String(days), label: `${days} days` }));

/** What people think of the explanations. */
export default function LLMAnalytics() {
  const [days, setDays] = useParam('days', '30');
  const report = useResource((signal, { refresh }) => getAnalytics({ days, refresh }, signal), {
    key: days,
  });
  return (
    <>
      <header className="page-head">
        <h1>Analytics</h1>
        <div className="toolbar">
          <Freshness resource={report} asOf={report.data?.as_of} />
          <Segmented label="Window" value={days} onChange={setDays} options={WINDOWS} />
        </div>
      </header>
      <ResourceView resource={report}>
        {(data) => (
          <p>
            {count(data.total_feedback)} votes, {percent(data.positive_rate)} helpful,{' '}
            {interval(data.positive_rate_interval)}
          </p>
        )}
      </ResourceView>
    </>
  );
}
