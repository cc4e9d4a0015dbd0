import { count, duration, money, percent } from '../format.js';
import { knownCost, perThousand } from '../rates.js';
import './UsagePanel.css';

const PERCENTILES = [
  ['p50', 'Half within'],
  ['p95', '95 % within'],
  ['p99', '99 % within'],
];

/**
 * What the explanations cost and how long they took.
 *
 * @param {{report: object}} props report: what GET /api/admin/llm-analytics answers
 */
export function UsagePanel({ report }) {
  const { latency_ms: latency = null, cost_known: known, total_explanations: all } = report;
  const slowest = latency?.p99 || 1;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>Cost and latency</h2>
      </div>
      <dl className="usage panel-body">
        {PERCENTILES.map(([key, name]) => (
          <div key={key} className="usage-bar">
            <dt>{name}</dt>
            <dd>
              {duration(latency?.[key])}
              <svg aria-hidden="true">
                <rect className="track" width="100%" height="6" rx="2" />
                <rect width={`${((latency?.[key] ?? 0) / slowest) * 100}%`} height="6" rx="2" />
              </svg>
            </dd>
          </div>
        ))}
        <Row name="Cost in all">{money(knownCost(report))}</Row>
        <Row name="Per 1,000 explanations">{money(perThousand(report.cost_nanousd, known))}</Row>
        <Row name="Per helpful vote">{money(perHelpful(report))}</Row>
        <Row name="Cost is known for">{percent(all ? known / all : null, 0)}</Row>
        <Row name="Tokens read">{count(report.prompt_tokens)}</Row>
        <Row name="Tokens written">{count(report.completion_tokens)}</Row>
        <Row name="From the cache">{percent(report.cached_rate)}</Row>
        <Row name="Prepared text instead">{percent(report.fallback_rate)}</Row>
      </dl>
    </section>
  );
}

function perHelpful(report) {
  const cost = knownCost(report);
  return cost !== null && report.positive > 0 ? cost / report.positive : null;
}

function Row({ name, children }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
