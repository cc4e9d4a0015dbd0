import { useEffect } from 'react';

function around(element) {
  const path = [];
  for (let one = element; one; one = one.parentElement) path.push(one);
  return path;
}

/** Takes the focus for once, also where it cannot be reached by Tab. */
function focusOnce(place) {
  if (!place.hasAttribute('tabindex')) {
    place.tabIndex = -1;
    place.addEventListener('blur', () => place.removeAttribute('tabindex'), { once: true });
  }
  place.focus({ preventScroll: true });
}

/**
 * Who presses a button that goes away by that stays where they were: the focus moves to what was
 * around it. Else browsers let it fall on nothing, and screen readers begin at the top.
 *
 * @param {{current: HTMLElement|null}} main of the page: the focus does not leave it
 */
export function useKeptFocus(main) {
  useEffect(() => {
    let path = []; // what has the focus, and all that it is in
    const remember = ({ target }) => {
      path = around(target);
    };
    const forget = ({ target }) => {
      if (!path[0]?.contains(target)) path = []; // a click on what takes no focus
    };
    const keep = () => {
      if (!path.length || path[0].isConnected || document.activeElement !== document.body) return;
      const inside = (one) => one.isConnected && main.current.contains(one);
      focusOnce(path.find(inside) ?? main.current);
    };
    const observer = new MutationObserver(keep);
    observer.observe(document.body, { childList: true, subtree: true });
    document.addEventListener('focusin', remember);
    document.addEventListener('pointerdown', forget);
    return () => {
      observer.disconnect();
      document.removeEventListener('focusin', remember);
      document.removeEventListener('pointerdown', forget);
    };
  }, [main]);
}
