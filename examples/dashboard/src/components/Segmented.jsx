import { useId } from 'react';

/**
 * One of a few, as radios: arrow keys move, the choice takes effect at once.
 *
 * @param {{label: string, value: string|number, onChange: (value: any) => void,
 *   options: {value: string|number, label: import('react').ReactNode, title?: string}[]}} props
 *   label: said by screen readers, not shown
 */
export function Segmented({ label, value, onChange, options }) {
  const name = useId();
  return (
    <fieldset className="segmented">
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value} title={option.title}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
