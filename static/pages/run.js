/** A run: its note, metrics, params, curves, files, and what it is related to. */

import { address, apus, get, isFile, mlflow } from "../core/api.js";
import { button, element, facts, link, linked, name } from "../core/dom.js";
import { byKey, timeNode } from "../core/format.js";
import { compareAddress, experimentAddress, runAddress, runStatus } from "../core/names.js";
import { addressOf, path } from "../core/query.js";
import { withStyle } from "../core/styles.js";
import { openMenu } from "../parts/menu.js";

const views = { overview: "Overview", charts: "Charts", artifacts: "Artifacts" };
/** What each view needs. */
const modules = {
  overview: () => import("../parts/run-overview.js"),
  charts: () => withStyle("charts.css", import("../parts/charts.js")),
  artifacts: () => Promise.all([import("../parts/preview.js"), import("../parts/preview-journal.js")]),
};
/** The names of the views in the addresses of MLflow's own pages. */
const otherNames = { "model-metrics": "charts", "system-metrics": "charts", metrics: "charts", artifacts: "artifacts" };
/** What can be done with a run; the menu requests it when it opens, so that no choice has to wait. */
const actions = () => import("../parts/table-actions.js");

export default async function page(context) {
  const { params, query, signal } = context;
  const id = params.run;
  const read = async () => (await get(mlflow + "runs/get", { run_id: id }, signal)).run;
  const asked = query.get("view") || otherNames[params.rest[0]] || "overview";
  const view = Object.hasOwn(views, asked) ? asked : "overview";
  const embedded = document.body.classList.contains("embed");
  const shown = embedded ? "charts" : view;
  let [run, loaded] = await Promise.all([read(), modules[shown]()]);
  const { info } = run;
  context.title(info.run_name || id);
  const tags = new Map((run.data.tags || []).map(({ key, value }) => [key, value]));
  context.root.classList.add("wide");
  const state = element("dd");
  if (embedded) context.add(element("h1", { class: "hidden" }, name(info.run_name || id)));
  else context.add(crumbs(run, tags, signal),
    element("div", { class: "bar title" }, element("h1", {}, name(info.run_name || id)), tabs(run, view), more(context, run)),
    info.lifecycle_stage === "deleted" && element("p", { class: "error" }, "This run is deleted. ",
      !isFile() && button("Restore", async () => (await actions()).moveRuns([id], "restore", context.reload))),
    summary(run, tags, state));
  const show = { overview, charts, artifacts: files }[shown](loaded);
  follow(show);
  await show(run);

  /** Keeps what is shown up to date while the run goes on. */
  function follow(draw) {
    context.every(4000, async () => {
      if (run.info.status !== "RUNNING") return;
      run = await read();
      state.replaceChildren(runStatus({ ...run.info, last_logged: lastLogged(run) }));
      draw(run);
    });
  }

  function charts({ chartsPanel }) {
    const panel = chartsPanel(context);
    context.add(panel.node);
    return (now) => panel.show([described(now)], keysOf(now));
  }

  function files([{ artifacts }, { journal }]) {
    context.add(artifacts(context, {
      pathName: "path",
      folder: (values) => address(mlflow + "artifacts/list", { run_id: id, ...values }),
      file: (file) => address("get-artifact", { run_id: id, path: file }),
      archive: isFile() ? undefined : (folder) => address(apus + "runs/artifacts/zip", { run_id: id, path: folder || undefined }),
    }), isFile() ? "" : journal(id, signal));
    return () => {};
  }

  function overview({ runOverview }) {
    return runOverview(context, run, tags);
  }
}

const keysOf = ({ data }) => byKey(data.metrics).map(({ key }) => key);
const lastLogged = ({ data }) => Math.max(0, ...(data.metrics || []).map(({ timestamp }) => Number(timestamp)));
const described = ({ info }) => ({ ...info, color: 0 });

/** The experiment and the parent that the run belongs to; their names are filled in when they arrive. */
function crumbs({ info }, tags, signal) {
  const experiment = link(experimentAddress(info.experiment_id), "Experiment " + info.experiment_id);
  const parentId = tags.get("mlflow.parentRunId");
  const parent = parentId && link(runAddress(info.experiment_id, parentId), element("code", {}, parentId.slice(0, 8)));
  const named = (node, asking) => asking.then((text) => text && node.replaceChildren(name(text)), () => {});
  named(experiment, get(mlflow + "experiments/get", { experiment_id: info.experiment_id }, signal).then((answer) => answer.experiment.name));
  if (parent) named(parent, get(mlflow + "runs/get", { run_id: parentId }, signal).then((answer) => answer.run.info.run_name));
  return element("p", { class: "crumbs" }, experiment, parent && [" / ", parent]);
}

function tabs({ info }, view) {
  const place = path("experiments", info.experiment_id, "runs", info.run_id);
  return element("nav", { class: "tabs space", "aria-label": "Views" }, Object.entries(views).map(([id, label]) => element("a",
    { href: addressOf(place, { view: id === "overview" ? null : id }), "aria-current": id === view ? "page" : null }, label)));
}

function summary({ info, data }, tags, state) {
  state.append(runStatus({ ...info, last_logged: lastLogged({ data }) }));
  const commit = tags.get("mlflow.source.git.commit");
  const made = facts([["Started", timeNode(info.start_time)], ["User", info.user_id && name(info.user_id)],
    ["Source", tags.get("mlflow.source.name") && linked(tags.get("mlflow.source.name"))], ["Commit", commit && element("code", { title: commit }, commit.slice(0, 8))],
    ["Run id", element("code", {}, info.run_id)]]);
  made.prepend(element("div", {}, element("dt", { class: "hidden" }, "Status"), state));
  return made;
}

function more(context, run) {
  if (isFile()) return null;
  const { info } = run;
  const copy = (text) => navigator.clipboard?.writeText(text);
  const made = button("⋯", () => {
    actions();
    openMenu(made, menuItems());
  }, { class: "quiet", "aria-label": "More", "aria-haspopup": "menu" });
  const menuItems = () => [
    { label: "Rename…", run: async () => { if (await (await actions()).renameRun(info)) context.reload(); } },
    { label: "Copy run id", run: () => copy(info.run_id) },
    { label: "Copy a link to what is shown", run: () => copy(location.href) },
    { label: "Compare with others", run: () => context.go(compareAddress([info.run_id])) },
    { label: "Export as one file", async run() {
      const { exportFile } = await import("../parts/export.js");
      await exportFile({ run_ids: [info.run_id] }, info.run_name || info.run_id, context.signal);
    } },
    { label: "Archive with all its data", async run() {
      const { downloadExport } = await import("../parts/export.js");
      downloadExport("archive", { run_ids: info.run_id });
    } },
    { label: "Data as JSON", run: () => open(address(mlflow + "runs/get", { run_id: info.run_id }), "_blank", "noopener") },
    null,
    info.lifecycle_stage === "deleted" ? { label: "Restore", run: async () => (await actions()).moveRuns([info.run_id], "restore", context.reload) }
      : { label: "Delete", danger: true, run: async () => (await actions()).moveRuns([info.run_id], "delete", context.reload) },
  ];
  return made;
}
