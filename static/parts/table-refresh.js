/** Keeps the runs of a table up to date. */

import { apus, post } from "../core/api.js";

/** Asks again for the runs that were running, and for new ones. @returns {Promise<number>} How many new ones there are. */
export async function refreshRuns(list) {
  if (list.loading || !list.body) return 0;
  const signal = list.loadSignal;
  const known = new Map(list.runs.map((run, index) => [run.run_id, index]));
  const running = list.runs.filter(({ status }) => status === "RUNNING").map(({ run_id: id }) => id);
  // Only runs of the same search belong here, so its filter stays; the newest come first.
  const newest = await post(apus + "runs/table", { ...list.body, order_by: [], max_results: 50 }, signal);
  const found = [newest];
  for (let from = 0; from < running.length && from < 1000; from += 200) {
    const ids = running.slice(from, from + 200).map((id) => `'${id}'`).join(",");
    found.push(await post(apus + "runs/table", { ...list.body, order_by: [], filter: `attributes.run_id IN (${ids})`, max_results: 200 }, signal));
  }
  if (signal.aborted) return 0;
  const fresh = new Set();
  let changed = false;
  const runs = [...list.runs];
  for (const run of found.flatMap((answer) => answer.runs)) {
    const index = known.get(run.run_id);
    if (index === undefined) {
      if (list.complete) fresh.add(run.run_id);
    } else if (JSON.stringify(runs[index]) !== JSON.stringify(run)) {
      runs[index] = run;
      changed = true;
    }
  }
  if (changed) {
    list.runs = runs;
    list.changed(false);
  }
  return fresh.size;
}
