/** The lines of a table of runs, and the numbers in them. */

/**
 * The number in a cell's value, or NaN: metrics may be numbers, words ("NaN"), or `{ value, step }`. MLflow keeps infinities as the
 * largest number there is.
 */
export function numberIn(value) {
  if (value === null || value === undefined || value === "") return NaN;
  const read = Number(typeof value === "object" ? value.value : value);
  return Math.abs(read) === Number.MAX_VALUE ? read * 2 : read;
}

/** Whether any run of a list has its parent in the list. */
export function hasFamilies(runs) {
  const known = new Set(runs.map((run) => run.run_id));
  return runs.some((run) => run.parent_run_id && known.has(run.parent_run_id));
}

/** The lines of runs as they come. */
export const flatLines = (runs) => runs.map((run) => ({ run, depth: 0, size: 0, open: false, id: run.run_id }));
