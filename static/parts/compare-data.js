/** Runs side by side: their params and last metrics as fields. */

import { byKey } from "../core/format.js";
import { readValue } from "./chart-series.js";

/**
 * @typedef {object} Field
 * @property {string} id `params.KEY` or `metrics.KEY`.
 * @property {"params"|"metrics"} kind
 * @property {string} key
 * @property {Array<string|number|undefined>} values One for each run; undefined where it has none.
 * @property {number[]} numbers The values as numbers; categories are numbered in their natural order; NaN where there is none.
 * @property {string[]|null} categories The texts of a field that is not numeric.
 * @property {boolean} differs Whether the runs do not all have the same.
 */

/** @returns {Field[]} Params first. */
export function fieldsOf(runs) {
  return ["params", "metrics"].flatMap((kind) => {
    const byName = new Map();
    runs.forEach((run, index) => {
      for (const { key, value } of run.data[kind] || []) {
        if (!byName.has(key)) byName.set(key, new Array(runs.length).fill(undefined));
        byName.get(key)[index] = value;
      }
    });
    return byKey([...byName].map(([key, values]) => ({ id: kind + "." + key, kind, key, values, ...numbersOf(kind, values) })));
  });
}

function numbersOf(kind, values) {
  const present = values.filter((value) => value !== undefined);
  const differs = new Set(values.map(String)).size > 1;
  if (kind === "metrics") return { numbers: values.map((value) => value === undefined ? NaN : readValue(value)), categories: null, differs };
  if (present.every((value) => value.trim() !== "" && Number.isFinite(Number(value)))) {
    return { numbers: values.map((value) => value === undefined ? NaN : Number(value)), categories: null, differs };
  }
  const categories = [...new Set(present)].sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  return { numbers: values.map((value) => value === undefined ? NaN : categories.indexOf(value)), categories, differs };
}

/** Whether a field is better seen on a log scale: positive and over more than two powers of ten. */
export function wantsLog({ numbers, categories }) {
  const finite = numbers.filter(Number.isFinite);
  const low = Math.min(...finite);
  return !categories && low > 0 && Math.max(...finite) / low > 100;
}

/** The name of a field; params are marked as such. */
export const shortLabel = ({ kind, key }) => (kind === "metrics" ? key : key + " (param)");

/** Colours from low to high that differ in lightness too. */
const ramp = [[48, 86, 184], [176, 80, 138], [232, 134, 58]];

/** The colour of a part from 0 to 1. */
function rampColor(part) {
  const place = Math.min(1, Math.max(0, part)) * (ramp.length - 1);
  const at = Math.min(ramp.length - 2, Math.floor(place));
  const mixed = ramp[at].map((from, index) => Math.round(from + (ramp[at + 1][index] - from) * (place - at)));
  return `rgb(${mixed.join(" ")})`;
}

/** The colour of each run by a field, or its own colour. */
export function colorsBy(field, runs, colors) {
  if (!field) return runs.map((run) => colors.series[run.color % 10]);
  const finite = field.numbers.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return field.numbers.map((value) => Number.isFinite(value) ? rampColor(high > low ? (value - low) / (high - low) : 0.5) : colors.soft);
}
