/** A model that a run has logged. */

import { address, fetchFile, get, mlflow, send } from "../core/api.js";
import { element, facts, link, name } from "../core/dom.js";
import { byKey, numberNode, timeNode } from "../core/format.js";
import { experimentAddress, runAddress } from "../core/names.js";
import { modelState } from "../parts/experiment-models.js";
import { artifacts } from "../parts/preview.js";
import { readSignature, signatureSection } from "../parts/signature.js";
import { tagSection } from "../parts/tags.js";

export default async function page(context) {
  const { model: id } = context.params;
  const route = mlflow + "logged-models/" + encodeURIComponent(id);
  const { model: { info, data } } = await get(route, {}, context.signal);
  context.title(info.name || id);
  const signature = element("div");
  const source = {
    pathName: "artifact_directory_path",
    folder: (query) => address(route + "/artifacts/directories", query),
    file: (path) => address(route + "/artifacts/files", { artifact_file_path: path }),
  };
  context.add(element("p", { class: "crumbs" }, link(experimentAddress(info.experiment_id), "Experiment"), " / ",
    link(experimentAddress(info.experiment_id, { view: "models" }), "Models")),
  element("h1", {}, name(info.name || id)),
  facts([["State", modelState(info.status)], ["Type", info.model_type], ["Created", timeNode(info.creation_timestamp_ms)],
    ["Run", info.source_run_id && link(runAddress(info.experiment_id, info.source_run_id), element("code", {}, info.source_run_id.slice(0, 8)))],
    ["Model id", element("code", {}, id)], ["Data", link(address(route), "JSON")]]),
  metrics(info, data), pairs("Params", data?.params), signature,
  tagSection({ tags: info.tags || [], set: (key, value) => send("PATCH", route + "/tags", { tags: [{ key, value }] }),
    remove: (key) => send("DELETE", route + "/tags/" + encodeURIComponent(key)) }),
  element("h2", {}, "Artifacts"), artifacts(context, source));
  const { files } = await get(route + "/artifacts/directories", {}, context.signal);
  if (!(files || []).some(({ path }) => path === "MLmodel")) return;
  const found = readSignature(await (await fetchFile(route + "/artifacts/files", { artifact_file_path: "MLmodel" }, context.signal)).text());
  if (found) signature.replaceChildren(signatureSection(found));
}

function metrics(info, data) {
  if (!data?.metrics?.length) return null;
  return [element("h2", {}, "Metrics"), element("div", { class: "scroll" }, element("table", { "aria-label": "Metrics" },
    element("thead", {}, element("tr", {}, ["Key", "Value", "Step", "Dataset", "Run"].map((head, index) =>
      element("th", { scope: "col", class: index === 1 || index === 2 ? "number" : null }, head)))),
    element("tbody", {}, byKey(data.metrics).map((metric) => element("tr", {}, element("th", { scope: "row", class: "key", dir: "auto" }, metric.key),
      element("td", { class: "number" }, numberNode(metric.value)), element("td", { class: "number" }, String(metric.step ?? 0)),
      element("td", {}, name(metric.dataset_name || "")),
      element("td", {}, metric.run_id ? link(runAddress(info.experiment_id, metric.run_id), element("code", {}, metric.run_id.slice(0, 8))) : ""))))))];
}

function pairs(title, items) {
  if (!items?.length) return null;
  return tagSection({ title, tags: items });
}
