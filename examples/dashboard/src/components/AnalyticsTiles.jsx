import { compact, count, duration, fixed, interval, money, percent, plural } from '../format.js';
import { knownCost, perThousand } from '../rates.js';
import { Change } from './Change.jsx';
import { RateInterval } from './RateInterval.jsx';
import { Sparkline } from './Sparkline.jsx';
import { Tile, Tiles } from './Tile.jsx';

/**
 * The numbers of a window at a glance, each against the window before.
 *
 * @param {{report: object}} props report: what GET /api/admin/llm-analytics answers
 */
export function AnalyticsTiles({ report }) {
  const { series, previous: before = null, latency_ms: latency = null } = report;
  const line = (key, name) => (
    <Sparkline values={series.map((day) => day[key])} label={`${name}, day by day`} partial />
  );
  return (
    <Tiles label={`The last ${report.window.days} days`}>
      <HelpfulTile report={report} before={before} />
      <Tile
        label="Average rating"
        value={fixed(report.average_rating, 2)}
        of={`of 5 stars, ${plural(report.rating_count, 'rating')}`}
        change={<Change now={report.average_rating} before={before?.average_rating} as="stars" />}
      >
        {line('average_rating', 'Average rating')}
      </Tile>
      <Tile
        label="Response rate"
        value={percent(report.response_rate)}
        of={`${count(report.rated_explanations)} of ${count(report.total_explanations)} got a vote`}
        change={<Change now={report.response_rate} before={before?.response_rate} as="points" />}
      />
      <Tile
        label="Votes"
        value={compact(report.total_feedback)}
        of={`${count(report.positive)} helpful, ${count(report.negative)} not`}
        change={<Change now={report.total_feedback} before={before?.feedback} />}
      >
        {line('feedback', 'Votes')}
      </Tile>
      <Tile
        label="Explanations"
        value={compact(report.total_explanations)}
        of={`${percent(report.cached_rate, 0)} from the cache, ${percent(report.fallback_rate)} prepared`}
        change={<Change now={report.total_explanations} before={before?.explanations} />}
      >
        {line('explanations', 'Explanations')}
      </Tile>
      <CostTile report={report} before={before}>
        {line('cost_nanousd', 'Cost')}
      </CostTile>
      <Tile
        label="Latency, median"
        value={duration(latency?.p50)}
        of={`95\u00a0% within ${duration(latency?.p95)}, 99\u00a0% within ${duration(latency?.p99)}`}
      />
      <Tile
        label="Tokens"
        value={compact(report.prompt_tokens + report.completion_tokens)}
        of={`${compact(report.prompt_tokens)} read, ${compact(report.completion_tokens)} written`}
        change={
          before && (
            <Change
              now={report.prompt_tokens + report.completion_tokens}
              before={before.prompt_tokens + before.completion_tokens}
            />
          )
        }
      />
    </Tiles>
  );
}

function HelpfulTile({ report, before }) {
  return (
    <Tile
      label="Found helpful"
      value={percent(report.positive_rate)}
      of={`95\u00a0%: ${interval(report.positive_rate_interval)}, ${plural(report.total_feedback, 'vote')}`}
      change={
        <Change
          now={report.positive_rate}
          before={before?.positive_rate}
          as="points"
          better="up"
          interval={report.positive_rate_interval}
          intervalBefore={before?.positive_rate_interval}
        />
      }
    >
      {report.positive_rate !== null && (
        <RateInterval
          rate={report.positive_rate}
          interval={report.positive_rate_interval}
          reference={before?.positive_rate}
          label="Found helpful"
        />
      )}
    </Tile>
  );
}

function CostTile({ report, before, children }) {
  const each = perThousand(report.cost_nanousd, report.cost_known);
  return (
    <Tile
      label="Cost"
      value={money(knownCost(report))}
      of={each === null ? 'no cost was logged' : `${money(each)} per 1,000 explanations`}
      change={<Change now={knownCost(report)} before={before && knownCost(before)} />}
    >
      {each !== null && children}
    </Tile>
  );
}
