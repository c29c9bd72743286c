/** One chart: the curves of a metric of several runs. */

import { button, element, name } from "../core/dom.js";
import { whenLoaded } from "../core/later.js";
import { drawPlot, sharpContext } from "./chart-draw.js";
import { bindChart } from "./chart-pointer.js";
import { makeScale, widened } from "./chart-scale.js";
import { extent, seriesOf } from "./chart-series.js";
import { smoothed } from "./chart-smooth.js";
import { summaryText } from "./chart-words.js";

const room = { left: 52, right: 12, top: 8, bottom: 24 };

/** A chart costs nothing until `enter`, when it comes into sight. */
export class Chart {
  /**
   * @param {string} key The metric.
   * @param {object} panel What the charts of a page share: `curves`, `runs`, `settings`, `colors`, `range`, `hovered`, `inSight`, `node`,
   *   `redraw(chart)`, `zoom(range)`, `announce(text)`, `xLabel(value)`; and where somebody looks: `place`, `near`, `tip`.
   */
  constructor(key, panel) {
    Object.assign(this, { key, panel, rangeY: null, drawn: null, cache: new WeakMap(), details: null });
    this.state = element("p", { class: "soft state" }, "…");
    this.plot = element("div", { class: "plot" }, this.state);
    const enlarge = button("⤢", () => this.enlarge(), { class: "quiet", "aria-label": "Enlarge " + key, title: "Enlarge" });
    this.table = button("▤", () => whenLoaded(import("./chart-values.js"), ({ openValues }) => openValues(this)), { class: "quiet", "aria-label": "Values of " + key, title: "Values as a table" });
    // Until the curves are there, the table would be empty.
    this.table.disabled = true;
    this.node = element("figure", { class: "chart" },
      element("figcaption", {}, element("span", { class: "label", title: key }, name(key)), this.table, enlarge), this.plot);
  }

  /** Called when the chart comes into sight. */
  enter() {
    if (this.canvas) return;
    this.canvas = element("canvas", { role: "img", tabindex: 0, "aria-label": this.key,
      "aria-keyshortcuts": "ArrowLeft ArrowRight ArrowUp ArrowDown + - 0" });
    this.over = element("canvas", { class: "over", "aria-hidden": "true" });
    this.plot.prepend(this.canvas, this.over);
    bindChart(this.canvas, {
      scales: () => this.drawn,
      hover: (place) => this.look("hover", place),
      band: (box) => this.look("drawOver", box),
      zoom: (x, y) => this.zoom(x, y),
      step: (by) => this.look("step", by),
      other: (by) => this.look("other", by),
    });
    this.panel.curves.want(this.key);
    this.panel.redraw(this);
  }

  /** Called when the chart goes out of sight; frees its memory. */
  leave() {
    if (!this.canvas || this.canvas === document.activeElement || this.node.classList.contains("large")) return;
    this.canvas.remove();
    this.over.remove();
    this.canvas = this.over = this.drawn = null;
  }

  /** The curves to draw: of the runs that are not hidden and have the metric. */
  curvesNow() {
    const { panel, key } = this;
    const { settings, curves, hovered } = panel;
    const used = new Map();
    const found = [];
    for (const run of panel.runs) {
      const points = curves.of(run.run_id, key);
      const dash = used.get(run.color) || 0;
      used.set(run.color, dash + 1);
      if (!points || settings.hidden.has(run.run_id)) continue;
      const series = this.seriesFor(run, points);
      found.push({ run, series, points, line: this.lineFor(series), color: panel.colors.series[run.color % 10], dash: panel.runs.length > 40 ? 0 : dash,
        strong: hovered === run.run_id, faint: hovered && hovered !== run.run_id });
    }
    return found;
  }

  seriesFor(run, points) {
    const { mode, metric } = this.panel.settings;
    const other = mode === "metric" ? this.panel.curves.of(run.run_id, metric) : undefined;
    let detail = this.details?.get(run.run_id);
    // The detail was fetched before the latest points were logged.
    if (detail?.count !== points.count) detail = undefined;
    const held = this.cache.get(points);
    if (held && held.mode === mode && held.other === other && held.detail === detail) return held.series;
    const axis = { mode, start: Number(run.start_time) || points.timestamps[0], other };
    const whole = seriesOf(points, axis);
    const series = detail ? { ...seriesOf(detail, axis), band: detail.complete ? null : whole } : whole;
    this.cache.set(points, { mode, other, detail, series, whole });
    return series;
  }

  lineFor(series) {
    const { smoothing } = this.panel.settings;
    if (!smoothing || !series.ordered || series.y.length < 3) return series.y;
    if (series.smoothing !== smoothing) {
      series.smoothing = smoothing;
      series.line = smoothed(series.x, series.y, smoothing);
    }
    return series.line;
  }

  /** Draws everything anew. */
  draw() {
    if (!this.canvas) return;
    const { panel } = this;
    const { settings } = panel;
    const { clientWidth: width, clientHeight: height } = this.plot;
    if (width < 80 || height < 40) return;
    const curves = this.curvesNow();
    this.table.disabled = !curves.length;
    this.showState(curves);
    const { logX, logY } = settings;
    const all = curves.map(({ series }) => series);
    let found = extent(all, { range: panel.range, logX, logY, robust: settings.robust });
    // A metric that has no points in the range of the others is shown whole.
    const range = panel.range && found.left <= panel.range[1] && found.right >= panel.range[0] ? panel.range : null;
    if (panel.range && !range) found = extent(all, { logX, logY, robust: settings.robust });
    const [left, right] = range || (found.left === found.right ? widened(found.left, found.right, logX) : found.left < found.right
      ? [found.left, found.right] : widened(1, 0, logX));
    const [low, high] = this.rangeY || widened(found.low, found.high, logY);
    const kindX = logX ? "log" : settings.mode === "time" || settings.mode === "relative" ? settings.mode : "number";
    const across = makeScale({ from: left, to: right, start: room.left, end: width - room.right, kind: kindX });
    const up = makeScale({ from: low, to: high, start: height - room.bottom, end: room.top, kind: logY ? "log" : "number" });
    this.drawn = { across, up, curves };
    drawPlot(sharpContext(this.canvas, width, height), { across, up, curves, colors: panel.colors });
    if (panel.place !== null) this.look("drawOver", null);
    this.canvas.setAttribute("aria-label", summaryText(this.key, curves));
  }

  showState(curves) {
    const { curves: store, runs, settings } = this.panel;
    const some = curves.some(({ series }) => series.y.length);
    this.state.hidden = some;
    if (some) return;
    this.state.textContent = !store.isKnown(this.key) ? "…" : runs.every(({ run_id: id }) => settings.hidden.has(id)) ? "All runs are hidden."
      : "No points.";
  }

  /** Does something of `chart-look.js`, which is loaded when somebody looks along the curves for the first time. */
  async look(work, ...values) {
    (await import("./chart-look.js"))[work](this, ...values);
  }

  /** Zooms: x together with all charts, y here alone. */
  zoom(x, y) {
    if (x && !(x[1] > x[0])) return;
    this.rangeY = y;
    if (x || !y) this.panel.zoom(x);
    else this.panel.redraw(this);
  }

  enlarge() {
    const large = this.node.classList.toggle("large");
    this.node.querySelector("[title=Enlarge]").setAttribute("aria-pressed", String(large));
    if (large) this.node.scrollIntoView({ block: "nearest" });
    this.panel.redraw(this);
  }
}
