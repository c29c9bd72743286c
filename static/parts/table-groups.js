/** Groups of runs with equal values: the lines of a table, and what stands in their cells. */

import { element } from "../core/dom.js";
import { duration, number, timeNode } from "../core/format.js";
import { durationOf } from "./table-runs.js";
import { numberIn } from "./table-lines.js";

/**
 * The lines of groups of runs with equal values in some columns.
 * @param {object[]} runs
 * @param {(run: object) => string[]} valuesOf The values that make a group.
 * @param {Set<string>} opened The ids of the groups that show their runs.
 * @param {{column: number, descending: boolean}|null} order A column of numbers whose mean orders the groups; otherwise a group stands where
 *   the first of its runs stands.
 */
export function groupLines(runs, valuesOf, opened, order) {
  const groups = new Map();
  for (const run of runs) {
    const values = valuesOf(run);
    const id = "group:" + JSON.stringify(values);
    if (!groups.has(id)) groups.set(id, { id, values, runs: [] });
    groups.get(id).runs.push(run);
  }
  const lines = [];
  const sorted = [...groups.values()];
  if (order) {
    const mean = new Map(sorted.map((group) => [group, spread(group.runs, order.column)?.mean]));
    const sign = order.descending ? -1 : 1;
    sorted.sort((one, other) => mean.get(one) === undefined ? 1 : mean.get(other) === undefined ? -1 : sign * (mean.get(one) - mean.get(other)));
  }
  for (const group of sorted) {
    const open = opened.has(group.id);
    lines.push({ group, depth: 0, size: group.runs.length, open, id: group.id });
    if (open) lines.push(...group.runs.map((run) => ({ run, depth: 1, size: 0, open: false, id: run.run_id })));
  }
  return lines;
}

/** Mean and standard deviation of a column over the runs that have a finite number in it. */
function spread(runs, column) {
  let amount = 0;
  let mean = 0;
  let squares = 0;
  for (const run of runs) {
    const value = numberIn(run.values[column]);
    if (!Number.isFinite(value)) continue;
    amount += 1;
    const difference = value - mean;
    mean += difference / amount;
    squares += difference * (value - mean);
  }
  return amount ? { amount, mean, deviation: amount > 1 ? Math.sqrt(squares / (amount - 1)) : 0 } : null;
}

/** Writes an attribute of a group of runs: how many are in which state, the newest start, the mean time. */
export function fillGroupAttribute(cell, id, runs) {
  const amounts = new Map();
  if (id === "status") for (const { status } of runs) amounts.set(status, (amounts.get(status) || 0) + 1);
  const times = runs.map(durationOf).filter((time) => time >= 0);
  if (id === "status") cell.replaceChildren([...amounts].map(([status, amount]) => `${amount} ${status.toLowerCase()}`).join(", "));
  else if (id === "started") cell.replaceChildren(timeNode(Math.max(...runs.map(({ start_time: start }) => start))));
  else if (id === "duration" && times.length) cell.textContent = duration(times.reduce((sum, time) => sum + time, 0) / times.length);
  else cell.textContent = "";
}

/** Writes mean and spread of a group of runs, or their value when all have the same. */
export function fillGroup(cell, runs, column, numeric) {
  cell.classList.remove("best", "from");
  cell.style.removeProperty("--part");
  cell.removeAttribute("title");
  if (numeric) {
    const found = spread(runs, column);
    if (!found) return void (cell.textContent = "");
    const { mean, deviation, amount } = found;
    cell.replaceChildren(number(rounded(mean, deviation)),
      deviation ? element("span", { class: "soft" }, " ± " + Number(deviation.toPrecision(2))) : "");
    cell.title = `mean ${mean} of ${amount}, standard deviation ${deviation}`;
  } else {
    const values = new Set(runs.map((run) => run.values[column]).filter((value) => value !== null));
    cell.textContent = values.size === 1 ? [...values][0] : values.size ? values.size + " values" : "";
  }
}

/** A mean with as many digits as its spread gives sense to. */
const rounded = (mean, deviation) => deviation
  ? Number(mean.toFixed(Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(deviation)))))) : mean;
