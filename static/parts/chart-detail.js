/** The points of the range that is looked at closely, of the curves that the server has thinned. */

import { get, mlflow } from "../core/api.js";
import { readValue } from "./chart-series.js";

const mostPoints = 2000;

/** Fetches the points of the range that a chart shows, and has it drawn with them. */
export async function showDetail(chart, signal) {
  const { range, curves, settings, redraw } = chart.panel;
  if (!range || !chart.drawn || chart.details || settings.mode === "metric" || !curves.isKnown(chart.key)) return;
  chart.details = new Map();
  let [from, to] = [Infinity, -Infinity];
  const counts = new Map();
  for (const { points, run } of chart.drawn.curves) {
    counts.set(run.run_id, points.count);
    const { x, ordered } = chart.cache.get(points).whole;
    if (!points.min || !ordered) continue;
    const inside = x.findIndex((value) => value >= range[0]);
    const behind = x.findIndex((value) => value > range[1]);
    if (inside < 0 || behind === 0) continue;
    from = Math.min(from, points.steps[Math.max(0, inside - 1)]);
    to = Math.max(to, behind < 0 ? points.steps.at(-1) : points.steps[behind]);
  }
  if (from > to) return;
  const found = await fetchPoints(curves, chart.key, from, to, signal);
  if (chart.panel.range !== range) return;
  for (const [run, points] of found) points.count = counts.get(run);
  chart.details = found;
  redraw(chart);
}

/** The points of one key between two steps, by run; `complete` says that there are no more in between. */
async function fetchPoints(curves, key, from, to, signal) {
  const runs = curves.runs.map(({ run_id: id }) => id).filter((id) => curves.of(id, key)?.min);
  const found = new Map();
  if (!runs.length) return found;
  const answer = await get(mlflow + "metrics/get-history-bulk-interval",
    { run_ids: runs, metric_key: key, start_step: from, end_step: to, max_results: mostPoints }, signal);
  for (const { run_id: run, step, timestamp, value } of answer.metrics || []) {
    if (!found.has(run)) found.set(run, { steps: [], timestamps: [], values: [] });
    const points = found.get(run);
    points.steps.push(step || 0);
    points.timestamps.push(timestamp);
    points.values.push(readValue(value));
  }
  for (const points of found.values()) points.complete = points.values.length < mostPoints;
  return found;
}
