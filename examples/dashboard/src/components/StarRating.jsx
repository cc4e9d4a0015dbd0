import { useId } from 'react';
import { Icon } from './Icon.jsx';
import './StarRating.css';

const WORDS = ['Poor', 'Fair', 'Good', 'Very good', 'Excellent'];

/**
 * One to five stars, as radios: arrow keys move between them.
 *
 * @param {{value: number|null, onChange: (rating: number|null) => void, label?: string}} props
 *   null: none given; the button beside the stars goes back to it
 */
export function StarRating({ value, onChange, label = 'Stars' }) {
  const name = useId();
  return (
    <fieldset className="star-rating">
      <legend>
        {label} <span className="field-hint">optional</span>
      </legend>
      <div className="star-rating-row">
        {WORDS.map((word, index) => (
          <label key={word} className={value > index ? 'star on' : 'star'} title={word}>
            <input
              type="radio"
              name={name}
              checked={value === index + 1}
              onChange={() => onChange(index + 1)}
            />
            <Icon name="star" />
            <span className="visually-hidden">
              {index + 1} {index ? 'stars' : 'star'}, {word.toLowerCase()}
            </span>
          </label>
        ))}
        <span className="star-rating-word" aria-hidden="true">
          {value ? WORDS[value - 1] : ''}
        </span>
        {value !== null && (
          <button type="button" className="button quiet" onClick={() => onChange(null)}>
            Clear<span className="visually-hidden"> the stars</span>
          </button>
        )}
      </div>
    </fieldset>
  );
}
