/** Turns the points of a metric into what a chart draws. */

/** The largest number there is: MLflow's own store keeps infinities as it. */
const largest = Number.MAX_VALUE;

/** A value of the server as a number; infinities of any spelling become infinite. */
export function readValue(value) {
  const read = value === null ? NaN : Number(value);
  return Math.abs(read) === largest ? Math.sign(read) * Infinity : read;
}

/**
 * @typedef {object} Points What is known of one metric of one run, in the order of its x.
 * @property {number[]} steps
 * @property {number[]} timestamps
 * @property {number[]} values
 * @property {number[]} [min] The least value behind the point before, up to this one; NaN where nothing is finite. With `max`, only where thinned.
 * @property {number[]} [max]
 * @property {number[]} [nan] How many of the points behind each are NaN.
 */

/**
 * The places of points along x and y.
 * @param {Points} points
 * @param {{mode: string, start: number, other?: Points}} axis `mode` is "step", "time", "relative" (to `start`) or "metric" (`other`: the
 *   last value of it that was logged up to the same step).
 * @returns {{x: Float64Array, y: Float64Array, low?: Float64Array, high?: Float64Array, ordered: boolean}} Ordered says that x never falls.
 */
export function seriesOf(points, { mode, start, other }) {
  const length = points.values.length;
  const x = new Float64Array(length);
  if (mode === "step") x.set(points.steps);
  else if (mode === "metric") fillFromMetric(x, points.steps, other);
  else x.set(mode === "time" ? points.timestamps : points.timestamps.map((time) => time - start));
  const made = { x, y: Float64Array.from(points.values), ordered: true };
  if (points.min && mode !== "metric") {
    made.low = Float64Array.from(points.min);
    made.high = Float64Array.from(points.max);
    made.nan = points.nan;
  }
  for (let index = 1; index < length && made.ordered; index += 1) made.ordered = !(x[index] < x[index - 1]);
  return made;
}

function fillFromMetric(x, steps, other) {
  let at = -1;
  for (let index = 0; index < x.length; index += 1) {
    while (other && at + 1 < other.steps.length && other.steps[at + 1] <= steps[index]) at += 1;
    x[index] = at >= 0 ? other.values[at] : NaN;
  }
}

/** The index of the point nearest to a place along x, or -1. */
export function nearest({ x, ordered }, place) {
  if (!x.length) return -1;
  if (!ordered) {
    let best = -1;
    for (let index = 0; index < x.length; index += 1) {
      if (Number.isFinite(x[index]) && (best < 0 || Math.abs(x[index] - place) < Math.abs(x[best] - place))) best = index;
    }
    return best;
  }
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < place) low = middle + 1;
    else high = middle;
  }
  return low > 0 && Math.abs(x[low - 1] - place) <= Math.abs(x[low] - place) ? low - 1 : low;
}

/**
 * The extent of series: of x, and of y within a range of x.
 * @param {{x: Float64Array, y: Float64Array, low?: Float64Array, high?: Float64Array}[]} all
 * @param {{range?: number[], logX?: boolean, logY?: boolean, robust?: boolean}} options On log scales only values above zero count; robust
 *   leaves out the most extreme hundredth at both ends.
 */
export function extent(all, { range, logX, logY, robust }) {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  const kept = [];
  for (const series of all) {
    const { x, y } = series;
    for (let index = 0; index < x.length; index += 1) {
      const place = x[index];
      if (!Number.isFinite(place) || (logX && place <= 0)) continue;
      if (place < left) left = place;
      if (place > right) right = place;
      if (range && (place < range[0] || place > range[1])) continue;
      if (robust && Number.isFinite(y[index]) && (!logY || y[index] > 0)) kept.push(y[index]);
      for (const value of series.low && !robust ? [series.low[index], series.high[index]] : [y[index]]) {
        if (!Number.isFinite(value) || (logY && value <= 0)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  if (kept.length > 20) {
    const sorted = Float64Array.from(kept).sort();
    low = sorted[Math.floor(sorted.length * 0.01)];
    high = sorted[Math.ceil(sorted.length * 0.99) - 1];
  }
  return { left, right, low, high };
}
