/** One chart: the curves of a metric of several runs. */

import { button, element, name } from "../core/dom.js";
import { number } from "../core/format.js";
import { openDialog } from "./dialog.js";
import { clipTo, drawCurve, drawPlot, sharpContext } from "./chart-draw.js";
import { bindChart } from "./chart-pointer.js";
import { makeScale, widened } from "./chart-scale.js";
import { extent, nearest, seriesOf } from "./chart-series.js";
import { smoothed } from "./chart-smooth.js";
import { summaryText, valueTable } from "./chart-words.js";

const room = { left: 52, right: 12, top: 8, bottom: 24 };

/** A chart costs nothing until `enter`, when it comes into sight. */
export class Chart {
  /**
   * @param {string} key The metric.
   * @param {object} panel What the charts of a page share: `curves`, `runs`, `settings`, `colors`, `range`, `hovered`, `redraw(chart)`,
   *   `hover(chart, x, at)`, `zoom(range)`, `announce(text)`, `xLabel(value)`.
   */
  constructor(key, panel) {
    Object.assign(this, { key, panel, rangeY: null, drawn: null, cache: new WeakMap(), details: null });
    this.state = element("p", { class: "soft state" }, "…");
    this.plot = element("div", { class: "plot" }, this.state);
    const enlarge = button("⤢", () => this.enlarge(), { class: "quiet", "aria-label": "Enlarge " + key, title: "Enlarge" });
    this.table = button("▤", () => openDialog(key, valueTable(this)), { class: "quiet", "aria-label": "Values of " + key, title: "Values as a table" });
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
      hover: (place) => this.hover(place),
      band: (box) => this.drawOver(box),
      zoom: (x, y) => this.zoom(x, y),
      step: (by) => this.step(by),
      other: (by) => this.other(by),
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
    this.drawOver(null);
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

  /** Draws what changes with the pointer: the crosshair, the points under it, the box that is being drawn. */
  drawOver(box) {
    if (!this.over || !this.drawn) return;
    const { panel } = this;
    const context = sharpContext(this.over, this.plot.clientWidth, this.plot.clientHeight);
    const { across, up, curves } = this.drawn;
    if (box) {
      context.globalAlpha = 0.15;
      context.fillStyle = panel.colors.accent;
      context.fillRect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
      return;
    }
    if (panel.place === null || panel.place < across.from || panel.place > across.to) return;
    context.lineWidth = 1;
    context.strokeStyle = panel.colors.soft;
    context.setLineDash([3, 3]);
    const x = Math.round(across.pixel(panel.place)) + 0.5;
    context.beginPath();
    context.moveTo(x, up.end);
    context.lineTo(x, up.start);
    context.stroke();
    context.setLineDash([]);
    const near = curves.length > 1 && curves.find(({ run }) => run.run_id === panel.near);
    if (near) {
      context.save();
      clipTo(context, across, up);
      drawCurve(context, { ...near, strong: true }, 1.5, across, up);
      context.restore();
    }
    if (curves.length > 25) return;
    for (const { series, line, color } of curves) {
      const index = nearest(series, panel.place);
      const y = index >= 0 ? up.pixel(line[index]) : NaN;
      const atX = index >= 0 ? across.pixel(series.x[index]) : NaN;
      // A point far from the line belongs to a run that has ended before.
      if (!Number.isFinite(y) || Math.abs(atX - x) > 40 || atX < across.start - 1 || atX > across.end + 1) continue;
      context.beginPath();
      context.arc(atX, y, 3.5, 0, 7);
      context.fillStyle = color;
      context.fill();
      context.strokeStyle = panel.colors.paper;
      context.stroke();
    }
  }

  /** The values at a place along x: `[{ run, value, x, color, distance }]`, greatest first. */
  valuesAt(place, pixelY) {
    const { across, up, curves } = this.drawn;
    const found = [];
    for (const { run, series, line, color } of curves) {
      const index = nearest(series, place);
      if (index < 0 || Math.abs(across.pixel(series.x[index]) - across.pixel(place)) > 40) continue;
      const y = up.pixel(line[index]);
      found.push({ run, index, x: series.x[index], value: line[index], raw: series.y[index], low: series.low?.[index], high: series.high?.[index], color,
        distance: Number.isFinite(y) && pixelY !== null ? Math.abs(y - pixelY) : Infinity });
    }
    return found.sort((one, other) => other.value - one.value);
  }

  hover(place) {
    if (!place || !this.drawn) return this.panel.hover(null, null);
    const { across } = this.drawn;
    if (place.x < across.start - 5 || place.x > across.end + 5) return this.panel.hover(null, null);
    return this.panel.hover(this, across.value(Math.min(Math.max(place.x, across.start), across.end)), place);
  }

  /** Goes along the curve that the keyboard is on. */
  step(by) {
    const curve = this.current();
    if (!curve) return;
    const { x } = curve.series;
    const { across, up } = this.drawn;
    const at = this.panel.place === null ? (by > 0 ? -1 : x.length) : nearest(curve.series, this.panel.place);
    const index = Math.min(Math.max(at + by, 0), x.length - 1);
    const y = up.pixel(curve.line[index]);
    this.hover({ x: across.pixel(x[index]), y: Number.isFinite(y) ? y : up.start });
    this.panel.announce(`${curve.run.run_name}: ${number(curve.series.y[index])} at ${this.panel.xLabel(x[index])}`);
  }

  other(by) {
    const { curves } = this.drawn;
    if (!curves.length) return;
    this.at = ((this.at || 0) + by + curves.length) % curves.length;
    this.step(0);
  }

  current() {
    return this.drawn?.curves[Math.min(this.at || 0, this.drawn.curves.length - 1)];
  }

  /** Zooms: x together with all charts, y here alone. */
  zoom(x, y) {
    if (x && !(x[1] > x[0])) return;
    this.rangeY = y;
    if (x || !y) this.panel.zoom(x);
    else this.panel.redraw(this);
  }

  /** Fetches the range that is looked at more closely, of the curves that the server has thinned. */
  async showDetail() {
    const { range, curves, settings } = this.panel;
    if (!range || !this.drawn || this.details || settings.mode === "metric" || !curves.isKnown(this.key)) return;
    this.details = new Map();
    let [from, to] = [Infinity, -Infinity];
    const counts = new Map();
    for (const { points, run } of this.drawn.curves) {
      counts.set(run.run_id, points.count);
      const { x, ordered } = this.cache.get(points).whole;
      if (!points.min || !ordered) continue;
      const inside = x.findIndex((value) => value >= range[0]);
      const behind = x.findIndex((value) => value > range[1]);
      if (inside < 0 || behind === 0) continue;
      from = Math.min(from, points.steps[Math.max(0, inside - 1)]);
      to = Math.max(to, behind < 0 ? points.steps.at(-1) : points.steps[behind]);
    }
    if (from > to) return;
    const found = await curves.detail(this.key, from, to);
    if (this.panel.range !== range) return;
    for (const [run, points] of found) points.count = counts.get(run);
    this.details = found;
    this.panel.redraw(this);
  }

  enlarge() {
    const large = this.node.classList.toggle("large");
    this.node.querySelector("[title=Enlarge]").setAttribute("aria-pressed", String(large));
    if (large) this.node.scrollIntoView({ block: "nearest" });
    this.panel.redraw(this);
  }
}
