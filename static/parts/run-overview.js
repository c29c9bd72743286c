/** The overview of a run: its note, metrics, params, tags, and what it is related to. */

import { isFile, mlflow, post } from "../core/api.js";
import { element, failure } from "../core/dom.js";
import { addressOf, path } from "../core/query.js";
import { descriptionSection } from "./description.js";
import { isSystem, metricTable, paramTable } from "./run-metrics.js";
import { childrenSection, datasetSection, modelSection } from "./run-relations.js";
import { tagSection } from "./tags.js";

const noteKey = "mlflow.note.content";

/**
 * Adds the overview to a page.
 * @param {object} context
 * @param {object} run
 * @param {Map<string, string>} tags Of the run.
 * @returns {(run: object) => void} Shows the metrics of the run as they are now.
 */
export function runOverview(context, run, tags) {
  const { run_id: id, experiment_id: experiment } = run.info;
  const set = (key, value) => post(mlflow + "runs/set-tag", { run_id: id, key, value });
  const chart = (key) => addressOf(path("experiments", experiment, "runs", id), { view: "charts", chart: key });
  const own = metricTable(context, id, "Metrics", chart);
  const system = metricTable(context, id, "System metrics", chart);
  const machine = element("details", {}, element("summary", {}, "System metrics"), system.node);
  const late = element("div");
  let latest = run;
  const show = (now) => {
    latest = now;
    const metrics = now.data.metrics || [];
    own.show(metrics.filter(({ key }) => !isSystem(key)));
    const others = metrics.filter(({ key }) => isSystem(key));
    own.node.hidden = metrics.length === others.length;
    machine.hidden = !others.length;
    if (machine.open) system.show(others);
  };
  machine.addEventListener("toggle", () => show(latest));
  context.add(descriptionSection({ title: "Note", text: tags.get(noteKey) || "", save: isFile() ? undefined : (text) => set(noteKey, text) }),
    element("div", { class: "columns" }, element("div", {}, own.node, machine),
      element("div", {}, run.data.params?.length ? paramTable(run.data.params) : null)),
    datasetSection(run), late,
    tagSection({ tags: (run.data.tags || []).filter(({ key }) => key !== noteKey), set: isFile() ? undefined : set,
      remove: (key) => post(mlflow + "runs/delete-tag", { run_id: id, key }) }));
  for (const part of [modelSection, childrenSection]) {
    const place = element("div");
    late.append(place);
    part(run, context.signal).then((node) => node && place.append(node), (error) => error.name !== "AbortError" && place.append(failure(error)));
  }
  return show;
}
