/** Why a run table shows no run. */

import { apus, get, mlflow, post } from "../core/api.js";
import { link } from "../core/dom.js";

/**
 * @param {object} context Of the page.
 * @param {string[]} experiments The ids of the experiments.
 * @param {string} filter
 * @returns {Promise<Array>} A sentence: texts and links.
 */
export async function whyEmpty({ query, signal }, experiments, filter) {
  if (filter) return ["No run fits the filter."];
  if (query.get("stage")) return ["No runs here."];
  const { runs } = await post(apus + "runs/table", { experiment_ids: experiments, run_view_type: "DELETED_ONLY", max_results: 1, columns: [] },
    signal).catch(() => ({ runs: [] }));
  if (runs.length) return ["All runs are deleted. ", link(query.address({ stage: "deleted" }), "Show the deleted runs")];
  const denied = experiments.length === 1 && await get(mlflow + "experiments/get", { experiment_id: experiments[0] }, signal)
    .then(() => false, (error) => error.status === 403);
  return [denied ? "You may not see the runs of this experiment."
    : "No runs yet. Log one with MLFLOW_TRACKING_URI set to this server's address."];
}
