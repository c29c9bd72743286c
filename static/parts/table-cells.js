/** What stands in the cells of a run table. */

import { duration, number, timeNode } from "../core/format.js";
import { runStatus } from "../core/names.js";
import { durationOf } from "./table-runs.js";
import { numberIn } from "./table-lines.js";

/** Writes an attribute of a run. */
export function fillAttribute(cell, id, run) {
  const times = { started: run.start_time, ended: run.end_time, logged: run.last_logged };
  if (id === "status") cell.replaceChildren(runStatus(run));
  else if (id in times) cell.replaceChildren(timeNode(times[id]));
  else if (id === "duration") cell.textContent = durationOf(run) < 0 ? "" : duration(durationOf(run));
  else cell.textContent = { user: run.user_id, name: run.run_name, id: run.run_id, experiment: run.experiment_id }[id] ?? "";
}

/**
 * Writes a metric, param or tag of a run.
 * @param {{low: number, high: number, best: number|null}|null} range The range of the column, for its small bar.
 */
export function fillValue(cell, value, numeric, range) {
  cell.classList.remove("best", "from");
  cell.style.removeProperty("--part");
  cell.removeAttribute("title");
  if (value === null || value === undefined) {
    cell.textContent = "";
    return;
  }
  if (!numeric) {
    cell.textContent = value.slice(0, 200);
    if (value.length > 12) cell.title = value.slice(0, 2000);
    return;
  }
  const read = numberIn(value);
  const text = number(typeof value === "object" ? value.value : value);
  const full = typeof value === "object" ? `${value.value} at step ${value.step}` : String(value);
  cell.textContent = text;
  if (full !== text) cell.title = full;
  if (range && Number.isFinite(read)) {
    if (range.high > range.low) cell.style.setProperty("--part", (read - range.low) / (range.high - range.low));
    if (read === range.best) cell.classList.add("best");
  }
}

/** Range and best value of a numeric column over all runs. */
export function rangeOf(runs, column, goal) {
  let low = Infinity;
  let high = -Infinity;
  let amount = 0;
  for (const run of runs) {
    const value = numberIn(run.values[column]);
    if (!Number.isFinite(value)) continue;
    amount += 1;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (amount < 2) return null;
  return { low, high, best: !goal || low === high ? null : goal === "minimize" ? low : high };
}

/** The best value among the runs beneath a line that has none itself. */
export function fillFromBelow(cell, line, column, goal) {
  let best = null;
  for (const run of line.below) {
    const value = numberIn(run.values[column]);
    if (Number.isFinite(value) && (best === null || (goal === "minimize" ? value < best : value > best))) best = value;
  }
  fillValue(cell, best, true, null);
  if (best === null) return;
  cell.classList.add("from");
  cell.title = `${best}, the ${goal === "minimize" ? "lowest" : "highest"} of its children`;
}
