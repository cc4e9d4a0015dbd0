import { dateTime, money } from '../format.js';
import { PromptDiff } from './PromptDiff.jsx';
import './DraftList.css';

function Origin({ draft }) {
  const cost = draft.cost_nanousd === null ? '' : ` · ${money(draft.cost_nanousd)}`;
  return (
    <small className="beneath">
      written by {draft.model} from {draft.parent}, {dateTime(draft.created_at)}
      {cost}
    </small>
  );
}

/**
 * Prompts that a model wrote and that nobody serves before a person has read them.
 *
 * @param {{drafts: object[], champion: {version: string, text: string|null},
 *   onApprove: (draft: object) => void, onArchive: (draft: object) => void}} props
 *   drafts: as llmlearn_variants lists them
 */
export function DraftList({ drafts, champion, onApprove, onArchive }) {
  if (!drafts.length) return <p className="muted">No draft waits for anybody.</p>;
  return (
    <ul className="drafts">
      {drafts.map((draft) => (
        <li key={draft.version}>
          <div className="drafts-head">
            <div>
              <h3>{draft.version}</h3>
              <Origin draft={draft} />
            </div>
            <div className="toolbar">
              <button type="button" className="button" onClick={() => onArchive(draft)}>
                Archive…<span className="visually-hidden"> {draft.version}</span>
              </button>
              <button type="button" className="button primary" onClick={() => onApprove(draft)}>
                Approve…<span className="visually-hidden"> {draft.version}</span>
              </button>
            </div>
          </div>
          {draft.hypothesis && (
            <p>
              <span className="muted">Why it may be better: </span>
              {draft.hypothesis}
            </p>
          )}
          <PromptDiff
            before={{ version: champion.version, text: champion.text, note: 'champion' }}
            after={{ version: draft.version, text: draft.text, note: 'draft' }}
          />
        </li>
      ))}
    </ul>
  );
}
