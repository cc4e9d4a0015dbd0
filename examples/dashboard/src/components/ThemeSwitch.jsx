import { useState } from 'react';
import { Icon } from './Icon.jsx';
import { Segmented } from './Segmented.jsx';

const KEY = 'llmlearn-theme'; // public/theme.js reads it before the first paint

const sign = (icon, word) => (
  <>
    <Icon name={icon} />
    <span className="visually-hidden">{word}</span>
  </>
);

const OPTIONS = [
  { value: 'system', label: sign('system', 'As the system'), title: 'As the system' },
  { value: 'light', label: sign('sun', 'Light'), title: 'Light' },
  { value: 'dark', label: sign('moon', 'Dark'), title: 'Dark' },
];

function remember(theme) {
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    /* storage may be forbidden; then it holds until the next reload */
  }
}

/** Light, dark, or as the system: takes effect at once and is remembered. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(() => document.documentElement.dataset.theme ?? 'system');
  const choose = (next) => {
    if (next === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    remember(next);
    setTheme(next);
  };
  return <Segmented label="Theme" value={theme} onChange={choose} options={OPTIONS} />;
}
