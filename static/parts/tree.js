/** Arranges runs as the lines of a table: as a tree of parents and children. */

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

/**
 * Opens the parents of some runs once, so that a link shows what it selects.
 * @param {string[]} ids
 * @param {object[]} runs
 * @param {Set<string>} revealed The runs whose parents were opened before.
 * @param {Set<string>} opened The ids of the runs that show their children.
 */
export function openTo(ids, runs, revealed, opened) {
  const known = new Map(runs.map((run) => [run.run_id, run]));
  for (const id of ids) {
    if (revealed.has(id) || !known.has(id)) continue;
    revealed.add(id);
    const above = new Set();
    for (let at = known.get(known.get(id).parent_run_id); at && !above.has(at); at = known.get(at.parent_run_id)) above.add(at);
    for (const { run_id: parent } of above) opened.add(parent);
  }
}
