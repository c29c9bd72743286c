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
    if (placed.has(run.run_id)) continue;
    const above = new Set();
    let at = run;
    for (; at && !placed.has(at.run_id); at = known.get(at.parent_run_id)) {
      placed.add(at.run_id);
      above.add(at);
    }
    // The walk ends at the parent of the uppermost run. Tags can name parents in a circle, which is cut here.
    let parent = above.has(at) ? null : at;
    for (const one of [...above].reverse()) {
      if (!parent) roots.push(one);
      else if (children.has(parent.run_id)) children.get(parent.run_id).push(one);
      else children.set(parent.run_id, [one]);
      parent = one;
    }
  }
  const below = (run) => children.get(run.run_id) || [];
  // Parents before children; no recursion, since a chain of parents may be as long as the list.
  const order = [...roots];
  for (const run of order) for (const child of below(run)) order.push(child);
  const sizes = new Map();
  for (const run of order.reverse()) sizes.set(run, below(run).reduce((sum, child) => sum + 1 + sizes.get(child), 0));
  const lines = [];
  const waiting = roots.map((run) => [run, 0]).reverse();
  while (waiting.length) {
    const [run, depth] = waiting.pop();
    const open = opened.has(run.run_id);
    lines.push({ run, depth, size: sizes.get(run), below: below(run), open, id: run.run_id });
    if (open) waiting.push(...below(run).map((child) => [child, depth + 1]).reverse());
  }
  return lines;
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
