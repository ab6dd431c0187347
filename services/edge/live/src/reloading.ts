// Loads the page anew, the way of last resort: what cannot be shown in place.

const KEY = "pharos-reloaded";
/** Once in so many milliseconds, and never in a circle. */
const ONCE_IN = 10 * 60_000;

/** Loads the page anew if that takes nothing from the reader and did not happen lately; says whether it does. */
export function reload(): boolean {
  if (isTyping() || !isDue()) {
    return false;
  }
  location.reload();
  return true;
}

/** Notes that it happens now; without a place for notes it never does. */
function isDue(): boolean {
  try {
    if (isLately(sessionStorage.getItem(KEY), Date.now())) {
      return false;
    }
    sessionStorage.setItem(KEY, String(Date.now()));
    return true;
  } catch {
    return false;
  }
}

/** Whether a note, a time in milliseconds, is less than ten minutes old. */
export function isLately(note: string | null, now: number): boolean {
  return note !== null && Math.abs(now - Number(note)) < ONCE_IN;
}

function isTyping(): boolean {
  const fields = document.querySelectorAll<HTMLInputElement | HTMLSelectElement>("form input, form select");
  return [...fields].some((it) => it === document.activeElement || isChanged(it));
}

function isChanged(field: HTMLInputElement | HTMLSelectElement): boolean {
  if (field instanceof HTMLInputElement) {
    return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  }
  const chosen = [...field.options].find((it) => it.defaultSelected) ?? field.options[0];
  return chosen !== undefined && !chosen.selected;
}
