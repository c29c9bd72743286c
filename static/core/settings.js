/** The preferences of a reader that do not belong into an address sent to others; they are kept in this browser. */

const prefix = "apus.";

/** The value kept under a name, or the fallback. */
export function setting(name, fallback) {
  try {
    const text = localStorage.getItem(prefix + name);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/** Keeps a value under a name; null removes it. A browser that forbids storage forgets it. */
export function keepSetting(name, value) {
  try {
    if (value === null) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, JSON.stringify(value));
  } catch {
    // Private windows may refuse; the page works without.
  }
}
