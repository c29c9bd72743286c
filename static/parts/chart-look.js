/** Looking along the curves of charts: the crosshair, the values beside the pointer, the steps of the keyboard. */

import { number } from "../core/format.js";
import { clipTo, drawCurve, sharpContext } from "./chart-draw.js";
import { nearest } from "./chart-series.js";
import { chartTip } from "./chart-tip.js";

/** Draws what changes with the pointer: the crosshair, the points under it, the box that is being drawn. */
export function drawOver(chart, box) {
  if (!chart.over || !chart.drawn) return;
  const { panel } = chart;
  const context = sharpContext(chart.over, chart.plot.clientWidth, chart.plot.clientHeight);
  const { across, up, curves } = chart.drawn;
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
function valuesAt(chart, place, pixelY) {
  const { across, up, curves } = chart.drawn;
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

/** Shows what is at a place of a chart, in all charts that are in sight; null is no place. */
export function hover(chart, place) {
  const across = chart.drawn?.across;
  if (!place || !across || place.x < across.start - 5 || place.x > across.end + 5) lookAt(chart.panel, null, null);
  else lookAt(chart.panel, chart, across.value(Math.min(Math.max(place.x, across.start), across.end)), place);
}

function lookAt(panel, chart, place, pixel) {
  if (place === panel.place && !chart) return;
  if (!panel.tip) panel.node.append((panel.tip = chartTip()).node);
  const { tip } = panel;
  panel.place = place;
  const values = chart ? valuesAt(chart, place, pixel.y) : [];
  panel.near = tip.nearest(values)?.run.run_id ?? null;
  for (const one of panel.inSight) drawOver(one, null);
  if (chart) tip.show(chart.canvas, pixel, panel.xLabel(values[0]?.x ?? place), values);
  else tip.hide();
}

/** Goes along the curve that the keyboard is on. */
export function step(chart, by) {
  const curve = current(chart);
  if (!curve) return;
  const { x } = curve.series;
  const { across, up } = chart.drawn;
  const at = chart.panel.place === null ? (by > 0 ? -1 : x.length) : nearest(curve.series, chart.panel.place);
  const index = Math.min(Math.max(at + by, 0), x.length - 1);
  const y = up.pixel(curve.line[index]);
  hover(chart, { x: across.pixel(x[index]), y: Number.isFinite(y) ? y : up.start });
  chart.panel.announce(`${curve.run.run_name}: ${number(curve.series.y[index])} at ${chart.panel.xLabel(x[index])}`);
}

/** Goes to the curve of another run. */
export function other(chart, by) {
  const curves = chart.drawn?.curves || [];
  if (!curves.length) return;
  chart.at = ((chart.at || 0) + by + curves.length) % curves.length;
  step(chart, 0);
}

function current(chart) {
  return chart.drawn?.curves[Math.min(chart.at || 0, chart.drawn.curves.length - 1)];
}
