/**
 * Asks for what a table of runs shows first while the modules of its page are on their way. The page makes the same calls when
 * it is there, and gets these answers. Where an address asks for more, such as a filter, the page asks by itself.
 */

import { apus, mlflow, sendAhead } from "./api.js";
import { experimentsOf, parseAddress, Query } from "./query.js";
import { chosenColumns, keysRequest, runsRequest, usualColumns } from "../parts/table-request.js";

const { path, values } = parseAddress(location.hash);
const [, id] = /^\/experiments\/([^/]+)(?:\/runs)?\/*$/.exec(path) || [];
const query = new Query(path, values);
if (id && ["", "runs", "charts"].includes(query.get("view"))) ask(experimentsOf(id));

async function ask(experiments) {
  for (const experiment of experiments) sendAhead("GET", mlflow + "experiments/get", { experiment_id: experiment });
  const keys = sendAhead("POST", apus + "runs/columns", {}, keysRequest(experiments, query));
  if (query.get("filter")) return;
  const columns = chosenColumns(query) ?? await keys.then((answer) => usualColumns(experiments, answer), () => null);
  if (columns) sendAhead("POST", apus + "runs/table", {}, runsRequest(experiments, query, "", columns).body);
}
