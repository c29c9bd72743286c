/** Arranges runs as the lines of a table: as they come, as a tree of parents and children, or in groups of equal values. */

/**
 * The number in a cell's value, or NaN: metrics may be numbers, words ("NaN"), or `{ value, step }`. MLflow keeps infinities as the
 * largest number there is.
 */
export function numberIn(value) {
  if (value === null || value === undefined || value === "") return NaN;
  const read = Number(typeof value === "object" ? value.value : value);
  return Math.abs(read) === Number.MAX_VALUE ? read * 2 : read;
}

/**
 * @typedef {{run?: object, group?: object, depth: number, size: number, open: boolean, id: string}} Line
 *   `size` is the number of runs beneath.
 */

/**
 * The lines of a tree. A parent stands where the first of its family stands, so that a sweep is found where its best trial is.
 * @param {object[]} runs In the order of the server.
 * @param {Set<string>} opened The ids of the runs that show their children.
 * @returns {Line[]}
 */
export function treeLines(runs, opened) {
  const known = new Map(runs.map((run) => [run.run_id, run]));
  const children = new Map();
  const roots = [];
  const placed = new Set();
  for (const run of runs) {
    // Upwards until a parent is already placed, or there is none; a circle ends at the run it began with.
    const above = [];
    for (let at = run; at && !placed.has(at.run_id); at = known.get(at.parent_run_id)) {
      placed.add(at.run_id);
      above.push(at);
    }
    for (const one of above.reverse()) {
      const parent = known.get(one.parent_run_id);
      if (!parent || isAbove(one, parent, known)) {
        roots.push(one);
      } else {
        if (!children.has(parent.run_id)) children.set(parent.run_id, []);
        children.get(parent.run_id).push(one);
      }
    }
  }
  const lines = [];
  const sizes = new Map();
  const sizeOf = (run) => {
    if (!sizes.has(run)) sizes.set(run, (children.get(run.run_id) || []).reduce((sum, child) => sum + 1 + sizeOf(child), 0));
    return sizes.get(run);
  };
  const add = (run, depth) => {
    const below = children.get(run.run_id) || [];
    const open = opened.has(run.run_id);
    lines.push({ run, depth, size: sizeOf(run), below, open, id: run.run_id });
    if (open) for (const child of below) add(child, depth + 1);
  };
  for (const run of roots) add(run, 0);
  return lines;
}

/** Whether a run is among the ancestors of another: tags can name parents in a circle. */
function isAbove(run, other, known) {
  const seen = new Set();
  for (let at = other; at && !seen.has(at.run_id); at = known.get(at.parent_run_id)) {
    if (at === run) return true;
    seen.add(at.run_id);
  }
  return false;
}

/** Whether any run of a list has its parent in the list. */
export function hasFamilies(runs) {
  const known = new Set(runs.map((run) => run.run_id));
  return runs.some((run) => run.parent_run_id && known.has(run.parent_run_id));
}

/** The lines of runs as they come. */
export const flatLines = (runs) => runs.map((run) => ({ run, depth: 0, size: 0, open: false, id: run.run_id }));

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
export function spread(runs, column) {
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
