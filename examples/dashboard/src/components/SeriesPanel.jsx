import { Suspense, useState } from 'react';
import { count, fixed, interval, money, percent, weekday } from '../format.js';
import { lazyPart } from '../lazyPart.js';
import { ErrorBoundary } from './ErrorBoundary.jsx';
import { Segmented } from './Segmented.jsx';
import { Skeleton } from './Skeleton.jsx';
import { TableBox } from './TableBox.jsx';
import './SeriesPanel.css';

const SeriesChart = lazyPart(() => import('./SeriesChart.jsx'));

const METRICS = [
  { value: 'positive_rate', label: 'Helpful', write: percent, band: 'positive_rate_interval' },
  { value: 'feedback', label: 'Votes', write: count },
  { value: 'explanations', label: 'Explanations', write: count },
  { value: 'average_rating', label: 'Rating', write: (value) => fixed(value, 2) },
  { value: 'cost_nanousd', label: 'Cost', write: money },
];

/**
 * One number day by day, as a chart or as a table.
 *
 * @param {{series: object[], today: string}} props
 *   series: analytics' days, oldest first; today: the day that is not over yet, YYYY-MM-DD
 */
export function SeriesPanel({ series, today }) {
  const [name, setName] = useState(METRICS[0].value);
  const [view, setView] = useState('chart');
  const metric = METRICS.find(({ value }) => value === name);
  return (
    <section className="panel" aria-labelledby="series-title">
      <div className="panel-head series-head">
        <h2 id="series-title">Day by day</h2>
        <div className="toolbar">
          <Segmented label="What to show" value={name} onChange={setName} options={METRICS} />
          <Segmented
            label="As"
            value={view}
            onChange={setView}
            options={[
              { value: 'chart', label: 'Chart' },
              { value: 'table', label: 'Table' },
            ]}
          />
        </div>
      </div>
      <div className="series-body">
        {view === 'table' ? (
          <SeriesTable series={series} today={today} />
        ) : (
          <ErrorBoundary>
            <Suspense fallback={<Skeleton label="Loading the chart" rows={1} height={260} />}>
              <SeriesChart series={series} today={today} metric={metric} />
            </Suspense>
          </ErrorBoundary>
        )}
      </div>
      <p className="series-note">
        Days are counted in UTC.
        {metric.band && view === 'chart' && ' The band is the 95 % interval of each day.'} Today,
        hatched or hollow, is not over yet.
      </p>
    </section>
  );
}

function SeriesTable({ series, today }) {
  return (
    <TableBox label="Day by day, newest first">
      <table className="table">
        <caption className="visually-hidden">Day by day, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col" className="number">
              Helpful
            </th>
            <th scope="col" className="number">
              95 % interval
            </th>
            {METRICS.slice(1).map(({ value, label }) => (
              <th key={value} scope="col" className="number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {series.toReversed().map((day) => (
            <tr key={day.day}>
              <th scope="row">
                {weekday(day.day)}
                {day.day === today && <span className="badge series-today">so far</span>}
              </th>
              <td className="number">{percent(day.positive_rate)}</td>
              <td className="number">{interval(day.positive_rate_interval)}</td>
              {METRICS.slice(1).map(({ value, write }) => (
                <td key={value} className="number">
                  {write(day[value])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}
