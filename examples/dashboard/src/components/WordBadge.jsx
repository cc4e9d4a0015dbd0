import { Icon } from './Icon.jsx';

/** Signs that only tests need: they are drawn as Icon draws its own. */
const SIGNS = {
  ahead: 'M8 13V3.5M4 7.5l4-4 4 4',
  behind: 'M8 3v9.5M4 8.5l4 4 4-4',
  open: 'M2.5 9.5c1.8-3 3.6-3 5.5-1.2s3.7 1.8 5.5-1.2',
};

/**
 * A word with its sign and colour, so that it never speaks by colour alone.
 *
 * @param {{word: string, tone?: "good"|"bad"|"warn"|"accent"|"", icon?: string, title?: string}} props
 *   icon: one of Icon's names, or "ahead", "behind", "open"
 */
export function WordBadge({ word, tone = '', icon, title }) {
  return (
    <span className={`badge ${tone}`} title={title}>
      {icon && (SIGNS[icon] ? <Sign path={SIGNS[icon]} /> : <Icon name={icon} className="small" />)}
      {word}
    </span>
  );
}

function Sign({ path }) {
  return (
    <svg className="icon-glyph small" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}
