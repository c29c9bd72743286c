/** What the box to jump finds: experiments, models, prompts and runs. */

import { get, mlflow, post } from "../core/api.js";
import { ago } from "../core/format.js";
import { experimentAddress, modelAddress, promptAddress, runAddress } from "../core/names.js";
import { quote } from "./filter-text.js";

const each = 8;

/** What a text may mean: ids first, then names. */
export async function found(text, signal) {
  const like = text ? "ILIKE " + quote(`%${text}%`) : "";
  const prompts = "tags.`mlflow.prompt.is_prompt` = 'true'";
  const asked = [
    /^[0-9a-f]{32}$/.test(text) ? get(mlflow + "runs/get", { run_id: text }, signal).then(({ run: { info } }) => [runItem(info)]) : [],
    /^\d{1,19}$/.test(text) ? get(mlflow + "experiments/get", { experiment_id: text }, signal).then(({ experiment }) => [experimentItem(experiment)]) : [],
    get(mlflow + "experiments/search", { max_results: each, filter: like ? "name " + like : null, order_by: "last_update_time DESC" }, signal)
      .then((answer) => (answer.experiments || []).map(experimentItem)),
    get(mlflow + "registered-models/search", { max_results: each, filter: like ? "name " + like : null }, signal)
      .then((answer) => (answer.registered_models || []).map(({ name }) => ({ name, kind: "model", href: modelAddress(name) }))),
    get(mlflow + "registered-models/search", { max_results: each, filter: prompts + (like ? " AND name " + like : "") }, signal)
      .then((answer) => (answer.registered_models || []).map(({ name }) => ({ name, kind: "prompt", href: promptAddress(name) }))),
    text ? runsOf(like, signal) : [],
  ];
  const answers = await Promise.allSettled(asked);
  const failed = answers.filter(({ status }) => status === "rejected");
  if (failed.length === answers.length) throw failed[0].reason;
  const items = answers.flatMap(({ value }) => value || []);
  const lower = text.toLowerCase();
  const rank = ({ name }) => name.toLowerCase().startsWith(lower) ? 0 : 1;
  return text ? items.sort((one, other) => rank(one) - rank(other)) : items;
}

/** Runs by name, in the experiments that changed last. */
async function runsOf(like, signal) {
  const recent = await get(mlflow + "experiments/search", { max_results: 1000, order_by: "last_update_time DESC" }, signal);
  const ids = (recent.experiments || []).map(({ experiment_id: id }) => id);
  const answer = await post(mlflow + "runs/search", { experiment_ids: ids, filter: "attributes.run_name " + like, max_results: each }, signal);
  return (answer.runs || []).map(({ info }) => runItem(info));
}

const runItem = (info) => ({ name: info.run_name || info.run_id, kind: `run, ${ago(info.start_time)}`, href: runAddress(info.experiment_id, info.run_id) });
const experimentItem = ({ name, experiment_id: id }) => ({ name, kind: `experiment ${id}`, href: experimentAddress(id) });
