/**
 * An experiment, or several in one table (`#/experiments/1,2`, or `?experiments=["1","2"]` as MLflow's own pages write it):
 * its runs, charts, models, and what it is about.
 */

import { get, isFile, mlflow } from "../core/api.js";
import { button, element, link, name } from "../core/dom.js";
import { whenLoaded } from "../core/later.js";
import { experimentsOf } from "../core/query.js";
import { withStyle } from "../core/styles.js";
import { runTable } from "../parts/run-table.js";

const views = { runs: "Runs", charts: "Charts", models: "Models", about: "About" };

export default async function page(context) {
  const ids = experimentsOf(context.params.id || context.query.get("experiments"));
  const asked = context.query.get("view", "runs");
  const view = Object.hasOwn(views, asked) ? asked : "runs";
  const loading = Promise.all(ids.map(async (id) =>
    (await get(mlflow + "experiments/get", { experiment_id: id }, context.signal)).experiment));
  const heading = element("h1", {}, ids.length === 1 ? "Experiment " + ids[0] : "Experiments " + ids.join(", "));
  const tools = element("div", { class: "bar title" }, heading, tabs(context, view));
  const summary = element("div", { class: "summary" });
  context.root.classList.add(view === "runs" || view === "charts" ? "fill" : "wide");
  context.add(tools, summary);
  const known = loading.then((experiments) => {
    heading.replaceChildren(...experiments.flatMap((experiment, index) => [index ? " · " : "", name(experiment.name)]));
    context.title(experiments.map((experiment) => experiment.name).join(" · "));
    if (experiments.length === 1) tools.append(menu(context, experiments[0]));
    if (view !== "about") summary.replaceChildren(...summaryOf(experiments, context));
    return experiments;
  });
  const [experiments] = await Promise.all([known, viewed()]);
  if (view === "about") {
    const { about } = await withStyle("details.css", import("../parts/experiment-about.js"));
    context.add(...experiments.map((experiment) => about(experiment)));
  }

  async function viewed() {
    if (view === "models") {
      const { modelsOf } = await import("../parts/experiment-models.js");
      return modelsOf(context, ids);
    }
    if (view === "about") return undefined;
    const panel = view === "charts" ? (await withStyle("charts.css", import("../parts/charts.js"))).chartsPanel(context) : null;
    const table = await runTable(context, ids, { narrow: view === "charts", drawn: (runs, of) => panel?.show(runs, undefined, of) });
    context.add(panel ? element("div", { class: "split" }, table.node, panel.node) : table.node);
    return table.search();
  }
}

const tabs = (context, view) => element("nav", { class: "tabs", "aria-label": "Views" }, Object.entries(views).filter(([id]) => !isFile() || id !== "models").map(([id, label]) =>
  element("a", { href: context.query.address({ view: id === "runs" ? null : id }), "aria-current": id === view ? "page" : null }, label)));

/** Says whether an experiment is deleted, and shows the first line of its note. */
function summaryOf(experiments, context) {
  const deleted = experiments.filter(({ lifecycle_stage: stage }) => stage === "deleted");
  const note = experiments.length === 1 && (experiments[0].tags || []).find(({ key }) => key === "mlflow.note.content")?.value.trim();
  return [
    deleted.length ? element("p", { class: "error" }, experiments.length === 1 ? "This experiment is deleted." : "Some of these are deleted.") : "",
    note ? element("p", { class: "soft line", dir: "auto" }, link(context.query.address({ view: "about" }), "Note"), " ",
      name(note.split("\n")[0].replace(/^#+\s*/, ""))) : "",
  ];
}

function menu(context, experiment) {
  if (isFile()) return "";
  const more = button("⋯", () => whenLoaded(import("../parts/experiment-menu.js"), ({ openExperimentMenu }) => openExperimentMenu(more, context, experiment)),
    { class: "quiet", "aria-label": "More", "aria-haspopup": "menu" });
  return more;
}
