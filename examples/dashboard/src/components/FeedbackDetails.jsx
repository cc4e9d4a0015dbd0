import { useId, useState } from 'react';
import { count, plural } from '../format.js';
import { StarRating } from './StarRating.jsx';
import './FeedbackDetails.css';

const COMMENT_BYTES_MAX = 4000;
const bytesOf = (text) => new TextEncoder().encode(text).length;

/**
 * Stars and a comment. What is typed stays until it was sent.
 *
 * @param {{mine: {rating: number|null, comment: string|null}, sending?: boolean,
 *   onSend: (details: {rating?: number, comment?: string}) => void}} props
 *   mine: what was said before, to be changed; onSend gets only what is given
 */
export function FeedbackDetails({ mine, sending = false, onSend }) {
  const [rating, setRating] = useState(mine.rating ?? null);
  const [comment, setComment] = useState(mine.comment ?? '');
  const id = useId();
  const bytes = bytesOf(comment);
  const over = bytes - COMMENT_BYTES_MAX;

  const submit = (event) => {
    event.preventDefault();
    if (over > 0 || sending) return;
    const text = comment.trim();
    onSend({ ...(rating ? { rating } : {}), ...(text ? { comment: text } : {}) });
  };

  return (
    <form className="feedback-details" onSubmit={submit}>
      <StarRating value={rating} onChange={setRating} />
      <div className="field">
        <label htmlFor={id}>
          Comment <span className="field-hint">optional</span>
        </label>
        <textarea
          id={id}
          className="input"
          rows={3}
          dir="auto"
          value={comment}
          onChange={(event) => setComment(event.target.value)}
          aria-invalid={over > 0}
          aria-describedby={`${id}-count`}
          placeholder="What was good, what was missing?"
        />
        <span id={`${id}-count`} className={over > 0 ? 'field-error' : 'field-hint'}>
          {over > 0
            ? `Too long by ${plural(over, 'byte')}. Please shorten it a little.`
            : `${count(bytes)} of ${count(COMMENT_BYTES_MAX)} bytes`}
        </span>
      </div>
      <button type="submit" className="button primary" aria-disabled={sending || over > 0}>
        {sending ? 'Sending …' : 'Send'}
      </button>
    </form>
  );
}
