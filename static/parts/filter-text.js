/** What the text in the box for a filter means. */

/** Whether a text is a filter; other texts are looked for in the names of runs. */
export const isFilter = (text) => /[=<>]|\b(I?LIKE|IN|IS)\b\s*[('"N]/i.test(text);

/** The filter that a text means: a filter itself, or a part of a run's name. */
export function meantFilter(text) {
  const trimmed = text.trim();
  if (!trimmed || isFilter(trimmed)) return trimmed;
  return "attributes.run_name ILIKE " + quote(`%${trimmed}%`);
}

/** A text as a value of the filter language, which has no escape. */
export const quote = (text) => text.includes("'") ? `"${text}"` : `'${text}'`;
