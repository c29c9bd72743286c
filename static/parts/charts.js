/** The charts of some runs: one for each metric, in groups, drawn when they come into sight. */

import { apus, post } from "../core/api.js";
import { button, element, failure, name } from "../core/dom.js";
import { absolute, byKey, count, number } from "../core/format.js";
import { Chart } from "./chart.js";
import { chartLegend } from "./chart-legend.js";
import { spanLabel } from "./chart-scale.js";
import { chartTools, readSettings } from "./chart-tools.js";
import { Curves } from "./curves.js";
import { readColors } from "./chart-draw.js";

const mostRuns = 100;
const systemGroup = "system";
/** The time that drawing may take in one frame; the charts that are left are drawn in the next. */
const millisecondsPerFrame = 12;

/**
 * @param {object} context Of the page; the address keeps the settings under names that begin with `chart`.
 * @returns {{node: HTMLElement, show: (runs: object[], keys?: string[], of?: number) => Promise<void>}} `show` takes runs with `run_id, experiment_id,
 *   run_name, status, start_time, color`, their metrics if they are known, and the number of runs that these were
 *   taken from.
 */
export function chartsPanel(context) {
  const { signal, query } = context;
  // Embedded in another page, the charts stand alone, without controls and groups.
  const plain = document.body.classList.contains("embed");
  const only = plain ? query.list("metrics", new URLSearchParams(location.search).get("metrics")?.split(",") || []) : [];
  const charts = new Map();
  const inSight = new Set();
  const dirty = new Set();
  const groups = element("div", { class: "chart-groups" });
  const message = element("div", { "aria-live": "polite" });
  const panel = {
    settings: readSettings(query), runs: [], range: rangeOf(query.get("chartzoom")), place: null, near: null, tip: null, hovered: null,
    colors: readColors(), inSight, announce: context.announce, redraw, zoom, highlight, xLabel,
  };
  panel.curves = new Curves(signal, (keys) => (keys.has(panel.settings.metric) ? redrawAll() : keys.forEach((key) => redraw(charts.get(key)))),
    failed);
  panel.curves.setOrder(orderFor(panel.settings));
  const tools = plain ? null : chartTools(context, panel, { searched: arrange, changed: applySettings, reset: () => zoom(null) });
  const legend = chartLegend(panel, { changed: hide });
  const node = element("section", { class: "charts", "aria-label": "Charts" }, tools?.node, legend.node, message, groups);
  panel.node = node;
  let keys = [];
  let given = false;
  let asking = 0;
  let shownRuns = "";
  let detailTimer;

  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const chart = target.chart;
      if (isIntersecting) inSight.add(chart);
      else inSight.delete(chart);
      if (isIntersecting) chart.enter();
      else chart.leave();
    }
  }, { rootMargin: "250px 0px", scrollMargin: "250px 0px" });
  const size = new ResizeObserver(redrawAll);
  size.observe(groups);
  signal.addEventListener("abort", () => {
    sight.disconnect();
    size.disconnect();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    panel.colors = readColors();
    redrawAll();
  }, { signal });
  context.every(2000, () => panel.curves.refresh([...inSight].map(({ key }) => key).concat(panel.settings.metric || [])));
  context.every(10000, async () => {
    if (!given && panel.runs.some(({ status }) => status === "RUNNING")) arrangeKeys(await keysOf(panel.runs));
  });

  /** Draws a chart in the next frame. */
  function redraw(chart) {
    if (!chart?.canvas) return;
    if (panel.range && !chart.details) showDetailsSoon();
    if (!dirty.size) requestAnimationFrame(drawDirty);
    dirty.add(chart);
  }

  function drawDirty() {
    const end = performance.now() + millisecondsPerFrame;
    for (const chart of dirty) {
      dirty.delete(chart);
      chart.draw();
      if (performance.now() > end) break;
    }
    if (dirty.size) requestAnimationFrame(drawDirty);
  }

  function redrawAll() {
    for (const chart of inSight) redraw(chart);
  }

  function zoom(range) {
    panel.range = range;
    query.set({ chartzoom: range ? range.map((value) => Number(value.toPrecision(8))).join("..") : null });
    for (const chart of charts.values()) {
      chart.details = null;
      if (!range) chart.rangeY = null;
    }
    tools?.zoomed(range);
    redrawAll();
  }

  function showDetailsSoon() {
    clearTimeout(detailTimer);
    detailTimer = setTimeout(async () => {
      const { showDetail } = await import("./chart-detail.js");
      for (const chart of inSight) showDetail(chart, signal).catch(failed);
    }, 250);
  }

  function failed(error) {
    if (error.name !== "AbortError") message.replaceChildren(failure(error));
  }

  function highlight(run) {
    if (panel.hovered === run) return;
    panel.hovered = run;
    redrawAll();
  }

  function hide(hidden) {
    panel.settings.hidden = hidden;
    query.set({ charthide: [...hidden] });
    redrawAll();
  }

  function applySettings(before) {
    const { settings } = panel;
    if (before.mode !== settings.mode || before.metric !== settings.metric || before.logX !== settings.logX) zoom(null);
    panel.curves.setOrder(orderFor(settings));
    if (settings.metric) panel.curves.want(settings.metric);
    for (const chart of inSight) panel.curves.want(chart.key);
    redrawAll();
  }

  function xLabel(value) {
    const { mode } = panel.settings;
    if (!Number.isFinite(value)) return "";
    return mode === "time" ? absolute(value) : mode === "relative" ? spanLabel(value) : mode === "step" ? "step " + Math.round(value) : number(value);
  }

  /** Arranges the charts of the metrics that the search finds. */
  function arrange() {
    const found = only.length ? only : keys.filter(plain ? (key) => !key.startsWith(systemGroup + "/") : tools.finds);
    const byGroup = new Map();
    for (const key of found) {
      const slash = key.indexOf("/");
      const group = plain || slash < 1 ? "" : key.slice(0, slash);
      if (!byGroup.has(group)) byGroup.set(group, []);
      byGroup.get(group).push(key);
    }
    // A prefix that only one metric has makes no group.
    for (const [group, list] of [...byGroup]) {
      if (!group || group === systemGroup || list.length > 1) continue;
      byGroup.delete(group);
      byGroup.set("", (byGroup.get("") || []).concat(list));
    }
    const order = [...byGroup.keys()].sort((one, other) => (one === systemGroup) - (other === systemGroup) || one.localeCompare(other, "en"));
    groups.replaceChildren(...order.map((group) => groupNode(group, byGroup.get(group))));
    tools?.counted(found.length, keys.length);
    if (!found.length) groups.append(element("p", { class: "soft" }, keys.length ? "No metric is called so." : "These runs have no metrics."));
  }

  function groupNode(group, list) {
    const nodes = list.map((key) => {
      if (!charts.has(key)) {
        const chart = new Chart(key, panel);
        chart.node.chart = chart;
        charts.set(key, chart);
        sight.observe(chart.node);
      }
      return charts.get(key).node;
    });
    const grid = element("div", { class: "chart-grid" }, nodes);
    if (plain) return grid;
    const turned = new Set(query.list("chartfold"));
    const open = (group !== systemGroup || list.length === keys.length) !== turned.has(group || "/");
    const title = group === systemGroup ? "System metrics" : group || "Metrics";
    return element("details", { class: "chart-group", open, ontoggle: ({ target }) => {
      if (target.open === (open !== false)) turned.delete(group || "/");
      else turned.add(group || "/");
      if (target.open !== open) query.set({ chartfold: [...turned] });
    } }, element("summary", {}, name(title), " ", element("span", { class: "soft number" }, list.length)), grid);
  }

  function arrangeKeys(found) {
    if (keys.length && found.join("\n") === keys.join("\n")) return;
    keys = found;
    tools?.setKeys(keys);
    arrange();
  }

  /** Shows some runs; those that stay keep what is drawn. */
  async function show(all, known, of = all.length) {
    const round = ++asking;
    const runs = all.slice(0, mostRuns);
    given = Boolean(known);
    panel.runs = runs;
    panel.curves.setRuns(runs);
    legend.show(runs);
    message.replaceChildren(runs.length < of ? element("p", { class: "soft" }, `The first ${runs.length} of ${count(of, "run")} are drawn.`,
      all.length < of ? " Select runs to draw others." : "") : "");
    if (!runs.length) {
      keys = [];
      charts.forEach((chart) => sight.unobserve(chart.node));
      charts.clear();
      inSight.clear();
      groups.replaceChildren(element("p", { class: "soft empty" }, "Choose runs to see their charts."));
      tools?.counted(0, 0);
      return;
    }
    for (const { key } of inSight) panel.curves.want(key);
    redrawAll();
    try {
      const ids = runs.map(({ run_id: id }) => id).join();
      const found = known || (ids === shownRuns && keys.length ? keys : await keysOf(runs));
      if (round !== asking) return;
      shownRuns = ids;
      arrangeKeys(found);
      if (panel.settings.metric) panel.curves.want(panel.settings.metric);
    } catch (error) {
      if (error.name !== "AbortError") message.replaceChildren(failure(error), button("Try again", () => show(all, known, of)));
    }
  }

  async function keysOf(runs) {
    const experiments = [...new Set(runs.map(({ experiment_id: id }) => id))];
    const list = runs.map(({ run_id: id }) => `'${id}'`).join(", ");
    const answer = await post(apus + "runs/columns",
      { experiment_ids: experiments, filter: `attributes.run_id IN (${list})`, run_view_type: "ALL" }, signal);
    return byKey(answer.metrics).map(({ key }) => key);
  }

  return { node, show };
}

const orderFor = ({ mode }) => mode === "time" || mode === "relative" ? "time" : "step";

function rangeOf(text) {
  const ends = text.split("..").map(Number);
  return text && ends.length === 2 && ends[1] > ends[0] ? ends : null;
}
