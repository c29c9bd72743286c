/** Parallel coordinates: a line for each run through its params and metrics. */

import { element } from "../core/dom.js";
import { makeScale, widened } from "./chart-scale.js";
import { sharpContext } from "./chart-draw.js";
import { colorsBy, shortLabel, wantsLog } from "./compare-data.js";

const room = { top: 44, bottom: 16, side: 60 };

/**
 * @param {object[]} runs
 * @param {import("./compare-data.js").Field[]} axes
 * @param {import("./compare-data.js").Field|undefined} colorField
 * @param {() => object} colors The colours of the page.
 * @param {(left: object[]) => void} narrowed Called with the runs within what was marked on the axes.
 * @returns {{node: HTMLElement, draw: () => void}}
 */
export function parallelPlot(runs, axes, colorField, colors, narrowed) {
  const canvas = element("canvas", { role: "img",
    "aria-label": `Lines of ${runs.length} runs through ${axes.map(shortLabel).join(", ")}; the values are in the table` });
  const node = element("div", { class: "parallel" }, canvas);
  node.style.minWidth = axes.length * 90 + "px";
  const marks = new Map();
  let scales = [];
  let from = null;

  const isMarked = (index) => [...marks].every(([at, [low, high]]) => axes[at].numbers[index] >= low && axes[at].numbers[index] <= high);
  const kept = () => runs.filter((_, index) => isMarked(index));

  function draw() {
    const { clientWidth: width, clientHeight: height } = node;
    if (width < 100) return;
    const shown = colors();
    const context = sharpContext(canvas, width, height);
    const across = (index) => room.side + (axes.length > 1 ? index * (width - 2 * room.side) / (axes.length - 1) : 0);
    scales = axes.map((field, index) => {
      const finite = field.numbers.filter(Number.isFinite);
      const log = wantsLog(field);
      const [low, high] = field.categories ? [-0.3, field.categories.length - 0.7] : widened(Math.min(...finite), Math.max(...finite), log);
      return { x: across(index), ...makeScale({ from: low, to: high, start: height - room.bottom, end: room.top, kind: log ? "log" : "number" }) };
    });
    const inside = new Set(kept());
    const lineColors = colorsBy(colorField, runs, shown);
    const order = runs.map((_, index) => index).sort((one, other) => inside.has(runs[one]) - inside.has(runs[other]));
    for (const index of order) {
      context.globalAlpha = inside.has(runs[index]) ? 0.85 : 0.08;
      context.strokeStyle = lineColors[index];
      context.lineWidth = 1.6;
      context.beginPath();
      let open = false;
      scales.forEach((scale, at) => {
        const y = scale.pixel(axes[at].numbers[index]);
        if (!Number.isFinite(y)) {
          open = false;
          return;
        }
        if (open) {
          const middle = (scales[at - 1].x + scale.x) / 2;
          context.bezierCurveTo(middle, scales[at - 1].pixel(axes[at - 1].numbers[index]), middle, y, scale.x, y);
        } else {
          context.moveTo(scale.x, y);
        }
        open = true;
      });
      context.stroke();
    }
    context.globalAlpha = 1;
    scales.forEach((scale, at) => drawAxis(context, scale, axes[at], marks.get(at), shown, width / axes.length));
  }

  const axisAt = (x) => scales.reduce((best, scale, index) => Math.abs(scale.x - x) < Math.abs(scales[best].x - x) ? index : best, 0);
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: Math.min(Math.max(event.clientY - box.top, room.top), canvas.clientHeight - room.bottom) };
  };
  canvas.addEventListener("pointerdown", (event) => {
    const at = place(event);
    from = { axis: axisAt(at.x), y: at.y };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const { y } = place(event);
    const scale = scales[from.axis];
    if (Math.abs(y - from.y) > 4) marks.set(from.axis, [scale.value(Math.max(y, from.y)), scale.value(Math.min(y, from.y))]);
    else marks.delete(from.axis);
    draw();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (from && Math.abs(place(event).y - from.y) <= 4) marks.delete(from.axis);
    from = null;
    draw();
    narrowed(kept());
  });
  return { node, draw };
}

function drawAxis(context, scale, field, mark, colors, spacing) {
  context.strokeStyle = colors.soft;
  context.fillStyle = colors.ink;
  context.lineWidth = 1;
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.beginPath();
  context.moveTo(scale.x + 0.5, scale.start);
  context.lineTo(scale.x + 0.5, scale.end);
  context.stroke();
  context.fillText(fitted(context, field.key, spacing - 10), scale.x, 14);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colors.soft;
  context.fillText(field.kind === "metrics" ? "metric" : "param", scale.x, 29);
  context.textAlign = "left";
  const ticks = field.categories ? field.categories.slice(0, 30).map((label, value) => ({ value, label })) : scale.ticks(6);
  for (const { value, label } of ticks) {
    const text = fitted(context, label, spacing / 2);
    const y = scale.pixel(value);
    context.lineWidth = 3;
    context.strokeStyle = colors.paper;
    context.strokeText(text, scale.x + 5, y);
    context.fillStyle = colors.ink;
    context.fillText(text, scale.x + 5, y);
  }
  if (!mark) return;
  context.globalAlpha = 0.3;
  context.fillStyle = colors.accent;
  const [low, high] = [scale.pixel(mark[0]), scale.pixel(mark[1])];
  context.fillRect(scale.x - 7, high, 15, low - high);
  context.globalAlpha = 1;
}

/** A text that is shortened to a width. */
function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 3 && context.measureText(text.slice(0, length) + "…").width > width) length -= 1;
  return text.slice(0, length) + "…";
}
