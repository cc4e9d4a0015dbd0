import { useMemo } from 'react';
import { diffWords } from '../experiment/diff.js';
import './PromptDiff.css';

const PLACEHOLDER = /(\{\{\s*\w+\s*\}\})/;

/** The same text, with the places that the application fills in set apart. */
function Text({ text }) {
  return text.split(PLACEHOLDER).map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));
}

function Side({ name, note, other, pieces, Changed }) {
  return (
    <div className="diff-side">
      <h3>
        {name} {note && <small className="beneath">{note}</small>}
      </h3>
      <pre tabIndex={0} role="region" aria-label={`Prompt ${name}, beside ${other}`}>
        {pieces.map(({ text, changed }, i) =>
          changed ? (
            <Changed key={i} title="Only here">
              <Text text={text} />
            </Changed>
          ) : (
            <Text key={i} text={text} />
          ),
        )}
      </pre>
    </div>
  );
}

/**
 * Two prompts side by side, with the words that differ marked: struck out on the left, underlined
 * on the right, so that it does not hang on colour.
 *
 * @param {{before: {version: string, text: string|null, note?: string},
 *   after: {version: string, text: string|null, note?: string}}} props
 *   text null: no text is known of that version
 */
export function PromptDiff({ before, after }) {
  const known = before.text !== null && after.text !== null;
  const diff = useMemo(
    () => (known ? diffWords(before.text, after.text) : null),
    [known, before.text, after.text],
  );
  if (!diff) {
    const missing = before.text === null ? before.version : after.version;
    return <p className="muted">No text is known of {missing}, so there is nothing to compare.</p>;
  }
  return (
    <div className="diff">
      <Side
        name={before.version}
        note={before.note}
        other={after.version}
        pieces={diff.before}
        Changed="del"
      />
      <Side
        name={after.version}
        note={after.note}
        other={before.version}
        pieces={diff.after}
        Changed="ins"
      />
    </div>
  );
}
