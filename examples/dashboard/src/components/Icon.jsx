const PATHS = {
  refresh: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  up: 'M4.5 7 7.4 2c.9 0 1.6.7 1.6 1.6V6h3.2c.9 0 1.5.8 1.3 1.7l-.9 4.2c-.2.7-.8 1.1-1.4 1.1H4.5M2.5 7h2v6h-2z',
  down: 'M11.5 9 8.6 14c-.9 0-1.6-.7-1.6-1.6V10H3.8c-.9 0-1.5-.8-1.3-1.7l.9-4.2C3.6 3.4 4.2 3 4.8 3h6.7M13.5 9h-2V3h2z',
  star: 'm8 2.2 1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4L2.2 6.5l4-.6z',
  check: 'm3.5 8.5 3 3 6-7',
  cross: 'm4 4 8 8M12 4l-8 8',
  warning: 'M8 2.5 14 13H2zM8 6.5v3M8 11.3v.1',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 7.3V11M8 5v.1',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.8V8l2.2 1.5',
  sun: 'M8 10.8A2.8 2.8 0 1 0 8 5.2a2.8 2.8 0 0 0 0 5.6M8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1',
  moon: 'M13 9.6A5.4 5.4 0 0 1 6.4 3 5.4 5.4 0 1 0 13 9.6',
  system: 'M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3',
  'arrow-up': 'M8 13V3.5M4 7.5l4-4 4 4',
  'arrow-down': 'M8 3v9.5M4 8.5l4 4 4-4',
  chevron: 'm4 6 4 4 4-4',
};

/**
 * A sign beside a word; it says nothing to a screen reader.
 *
 * @param {{name: keyof typeof PATHS, className?: string}} props
 */
export function Icon({ name, className = '' }) {
  return (
    <svg
      className={`icon-glyph ${className}`}
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
