/** What a run is related to: its parent and children, datasets, models. */

import { get, mlflow, post } from "../core/api.js";
import { element, link, linked, name } from "../core/dom.js";
import { byKey, count, number, timeNode } from "../core/format.js";
import { compareAddress, loggedModelAddress, runAddress, runStatus, versionAddress } from "../core/names.js";

const mostChildren = 100;

/** A section with a table; nothing without rows. */
function section(title, heads, rows, ...more) {
  if (!rows.length) return null;
  return element("section", { "aria-label": title }, element("div", { class: "bar" }, element("h2", {}, title), more),
    element("div", { class: "scroll" }, element("table", { "aria-label": title },
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))), element("tbody", {}, rows))));
}

const row = (first, ...others) => element("tr", {}, element("th", { scope: "row" }, first), others.map((cell) => element("td", {}, cell)));

/** The datasets that a run has read. */
export function datasetSection({ inputs }) {
  const rows = (inputs?.dataset_inputs || []).map(({ dataset, tags }) => row(name(dataset.name), element("code", {}, dataset.digest),
    byKey(tags).filter(({ key }) => key === "mlflow.data.context").map(({ value }) => name(value)),
    profileOf(dataset), [name(dataset.source_type || ""), " ", linked(sourceOf(dataset.source))]));
  return section("Datasets", ["Name", "Digest", "Context", "Extent", "Source"], rows);
}

function readJSON(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const sourceOf = (text) => {
  const read = readJSON(text);
  return String(read?.url || read?.uri || read?.path || (read && typeof read === "object" ? Object.values(read).find((value) => typeof value === "string") : text) || "");
};

function profileOf({ profile, schema }) {
  const parts = Object.entries(readJSON(profile) || {}).filter(([, value]) => typeof value === "number").slice(0, 3)
    .map(([key, value]) => `${key.replace(/^num_/, "")} ${number(value)}`);
  const columns = readJSON(schema)?.mlflow_colspec;
  if (Array.isArray(columns)) parts.push(count(columns.length, "column"));
  return parts.join(", ");
}

/** The models that a run has read and written, and the versions registered from it. */
export async function modelSection({ info, inputs, outputs }, signal) {
  const versions = (await get(mlflow + "model-versions/search", { filter: `run_id = '${info.run_id}'`, max_results: 100 }, signal)).model_versions || [];
  const model = (use) => ({ model_id: id }) => row(link(loggedModelAddress(info.experiment_id, id), element("code", {}, id)), use);
  return section("Models", ["Model", ""], [...(outputs?.model_outputs || []).map(model("written")), ...(inputs?.model_inputs || []).map(model("read")),
    ...versions.map(({ name: model, version }) => row(link(versionAddress(model, version), name(model), " version " + version), "registered"))]);
}

/** The runs that are nested in a run, newest first. */
export async function childrenSection({ info }, signal) {
  const answer = await post(mlflow + "runs/search", { experiment_ids: [info.experiment_id], filter: `tags.mlflow.parentRunId = '${info.run_id}'`,
    max_results: mostChildren }, signal);
  const runs = answer.runs || [];
  const ids = runs.map((run) => run.info.run_id);
  return section(answer.next_page_token ? `Children (the newest ${mostChildren})` : "Children", ["Run", "Status", "Started", "Metrics"], runs.map((run) => row(
    link(runAddress(run.info.experiment_id, run.info.run_id), name(run.info.run_name || run.info.run_id)), runStatus(run.info), timeNode(run.info.start_time),
    byKey(run.data.metrics).slice(0, 4).map(({ key, value }) => [element("span", { class: "chip" }, name(key), " ", number(value)), " "]))),
  runs.length > 1 ? link(compareAddress(ids), "Compare them") : "");
}
