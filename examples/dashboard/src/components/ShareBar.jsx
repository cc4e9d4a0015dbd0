import './ShareBar.css';

/**
 * A part of a whole, as a bar. Its height is --bar-height of what it stands in.
 *
 * @param {{share: number|null, label?: string, text?: string,
 *   marks?: {at: number, label: string}[]}} props
 *   share, at: 0..1; null: no bar; label and text: said by screen readers, which without them pass
 *   over it, for the numbers stand beside it
 */
export function ShareBar({ share, label, text, marks = [] }) {
  if (share === null || share === undefined) return null;
  const said = label
    ? {
        role: 'progressbar',
        'aria-label': label,
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        'aria-valuenow': Math.round(share * 100),
        'aria-valuetext': text,
      }
    : { 'aria-hidden': true };
  return (
    <div className="share-bar" {...said}>
      <span style={{ width: `${share * 100}%` }} />
      {marks.map((mark) => (
        <i key={mark.label} style={{ left: `${mark.at * 100}%` }} title={mark.label} />
      ))}
    </div>
  );
}
