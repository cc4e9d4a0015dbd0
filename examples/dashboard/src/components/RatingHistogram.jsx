import { count, percent } from '../format.js';
import './RatingHistogram.css';

/**
 * How many gave five stars, four, and so on.
 *
 * @param {{histogram: number[]}} props counts for 1 to 5 stars, as analytics has them
 */
export function RatingHistogram({ histogram }) {
  const all = histogram.reduce((sum, n) => sum + n, 0);
  const most = Math.max(1, ...histogram);
  return (
    <ul className="rating-histogram" aria-label="Ratings">
      {histogram
        .map((n, index) => (
          <li key={index}>
            <span>
              {index + 1} <span aria-hidden="true">★</span>
              <span className="visually-hidden">{index ? 'stars' : 'star'}</span>
            </span>
            <svg aria-hidden="true">
              <rect className="track" width="100%" height="8" y="6" rx="2" />
              <rect width={`${(n / most) * 100}%`} height="8" y="6" rx="2" />
            </svg>
            <span className="number">{count(n)}</span>
            <span className="number muted">{all ? percent(n / all, 0) : '–'}</span>
          </li>
        ))
        .reverse()}
    </ul>
  );
}
