/** Dark and light: as the system prefers, until it was chosen by hand. */
import { button } from './dom.ts';

const THEME_KEY = 'plimsoll-theme';
type Theme = 'light' | 'dark';

export function createThemeSwitch(): HTMLButtonElement {
  const preferred = matchMedia('(prefers-color-scheme: dark)');
  let chosen = read();

  const current = (): Theme => chosen ?? (preferred.matches ? 'dark' : 'light');
  function show(): void {
    document.documentElement.dataset['theme'] = current();
    toggle.textContent = current() === 'dark' ? 'Light' : 'Dark';
    toggle.setAttribute('aria-label', `Switch to the ${current() === 'dark' ? 'light' : 'dark'} theme`);
  }
  const toggle = button(
    '',
    () => {
      chosen = current() === 'dark' ? 'light' : 'dark';
      write(chosen);
      show();
    },
    { class: 'quiet', id: 'theme' },
  );
  preferred.addEventListener('change', show);
  show();
  return toggle;
}

/** A browser may refuse to keep anything. */
function read(): Theme | undefined {
  try {
    const kept = localStorage.getItem(THEME_KEY);
    return kept === 'light' || kept === 'dark' ? kept : undefined;
  } catch {
    return undefined;
  }
}

function write(theme: Theme): void {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // chosen for this visit only
  }
}
