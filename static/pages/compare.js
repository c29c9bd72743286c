/** Runs side by side: curves, values, plots, files. */

import { get, isFile, mlflow } from "../core/api.js";
import { button, element, failure, link, name } from "../core/dom.js";
import { byKey, count } from "../core/format.js";
import { experimentAddress, runAddress } from "../core/names.js";
import { addressOf } from "../core/query.js";
import { withStyle } from "../core/styles.js";
import { openMenu } from "../parts/menu.js";

const views = { charts: "Charts", values: "Values", parallel: "Parallel", scatter: "Scatter", importance: "Importance", artifacts: "Artifacts" };
const mostRuns = 100;

export default async function page(context) {
  const { query, signal } = context;
  const asked = [...new Set(runsOf(query))];
  const ids = asked.slice(0, mostRuns);
  context.title(`${count(ids.length, "run")} compared`);
  if (!ids.length) {
    context.add(element("h1", {}, "Compare"), element("p", {}, "Choose runs in an ", link("#/", "experiment"), " and press “Compare”."));
    return;
  }
  const view = Object.hasOwn(views, query.get("view")) ? query.get("view") : "charts";
  const failures = [];
  const readRun = (id) => get(mlflow + "runs/get", { run_id: id }, signal).then(({ run }) => run, (error) => {
    if (error.name === "AbortError") throw error;
    failures.push(error);
    return null;
  });
  const read = async () => described((await Promise.all(ids.map(readRun))).filter(Boolean));
  const described = (list) => list.map(({ info, data }) =>
    ({ ...info, run_name: info.run_name || info.run_id, color: ids.indexOf(info.run_id) % 10, data }));
  let runs = await read();
  context.root.classList.add("wide");
  const embedded = document.body.classList.contains("embed");
  const keys = (list) => byKey([...new Set(list.flatMap(({ data }) => (data.metrics || []).map(({ key }) => key)))].map((key) => ({ key })))
    .map(({ key }) => key);
  const head = element("h1", { class: embedded ? "hidden" : null }, count(runs.length, "run"));
  if (embedded) context.add(head);
  else context.add(crumbs(runs, signal), element("div", { class: "bar title" }, head, tabs(query, view), runsMenu(context, runs, ids), exportButton(context, runs)),
    asked.length > mostRuns && element("p", { class: "soft" }, `The first ${mostRuns} of ${asked.length} are compared.`),
    failures.slice(0, 3).map(failure));
  if (!runs.length) return;
  const runHead = (run) => element("span", { class: "run-head" }, element("span", { class: "dot", style: { background: `var(--series-${run.color})` } }),
    link(runAddress(run.experiment_id, run.run_id), name(run.run_name)));
  if (view === "charts" || embedded) {
    const { chartsPanel } = await withStyle("charts.css", import("../parts/charts.js"));
    const panel = chartsPanel(context);
    context.add(panel.node);
    await panel.show(runs, keys(runs));
    context.every(5000, async () => {
      if (!runs.some(({ status }) => status === "RUNNING")) return;
      runs = await read();
      await panel.show(runs, keys(runs));
    });
  } else if (view === "values") {
    const { compareTable } = await import("../parts/compare-table.js");
    context.add(compareTable(context, runs, runHead));
  } else if (view === "artifacts") {
    const { compareFiles } = await import("../parts/compare-files.js");
    context.add(await compareFiles(context, runs, runHead));
  } else {
    const plots = await import("../parts/compare-plots.js");
    context.add(plots[view + "View"](context, runs));
  }
}

/** The runs that the address names: in the form of these pages, or as the list in JSON that MLflow's own pages write. */
function runsOf(query) {
  const text = query.get("runs");
  if (!text.startsWith("[")) return query.list("runs");
  try {
    return JSON.parse(text).map(String);
  } catch {
    return [];
  }
}

function crumbs(runs, signal) {
  const experiments = [...new Set(runs.map(({ experiment_id: id }) => id))];
  const links = experiments.slice(0, 3).map((id) => {
    const node = link(experimentAddress(id), "Experiment " + id);
    get(mlflow + "experiments/get", { experiment_id: id }, signal).then(({ experiment }) => node.replaceChildren(name(experiment.name)), () => {});
    return node;
  });
  return element("p", { class: "crumbs" }, links.flatMap((node, index) => [index ? " · " : "", node]), " / Compare");
}

const tabs = (query, view) => element("nav", { class: "tabs space", "aria-label": "Views" }, Object.entries(views).map(([id, label]) =>
  element("a", { href: query.address({ view: id === "charts" ? null : id, file: null }), "aria-current": id === view ? "page" : null }, label)));

function exportButton(context, runs) {
  return isFile() || !runs.length ? null : button("Export", async () => {
    const { exportFile } = await import("../parts/export.js");
    await exportFile({ run_ids: runs.map(({ run_id: id }) => id) }, count(runs.length, "run"), context.signal);
  }, { title: "As one file that opens without a server" });
}

/** Takes runs out of the comparison. */
function runsMenu(context, runs, ids) {
  const made = button("Runs…", () => openMenu(made, runs.map((run) => ({
    label: "Leave out " + run.run_name,
    run: () => context.go(addressOf("/compare", { ...Object.fromEntries(context.query.values), runs: ids.filter((id) => id !== run.run_id) })),
  }))), { "aria-haspopup": "menu" });
  return made;
}
