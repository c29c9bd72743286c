/** Runs as points between two fields. */

import { element, name } from "../core/dom.js";
import { number } from "../core/format.js";
import { runAddress } from "../core/names.js";
import { sharpContext } from "./chart-draw.js";
import { makeScale, widened } from "./chart-scale.js";
import { colorsBy, shortLabel, wantsLog } from "./compare-data.js";
import { correlation } from "./importance.js";

const room = { left: 64, right: 16, top: 10, bottom: 40 };

/**
 * @param {object} context
 * @param {object[]} runs
 * @param {{x: object, y: object, color?: object}} fields
 * @param {() => object} colors
 */
export function scatterPlot(context, runs, { x, y, color }, colors) {
  const related = correlation(x.numbers, y.numbers);
  const words = Number.isNaN(related) ? "" : `, rank correlation ${related.toFixed(2)}`;
  const canvas = element("canvas", { role: "img",
    "aria-label": `${runs.length} runs by ${shortLabel(x)} and ${shortLabel(y)}${words}; the values are in the table` });
  const tip = element("div", { class: "tip", hidden: true });
  const node = element("div", { class: "scatter" }, canvas, tip);
  let points = [];
  const scaleOf = (field, start, end) => {
    const finite = field.numbers.filter(Number.isFinite);
    const log = wantsLog(field);
    const [from, to] = field.categories ? [-0.5, field.categories.length - 0.5] : widened(Math.min(...finite), Math.max(...finite), log);
    return makeScale({ from, to, start, end, kind: log ? "log" : "number" });
  };
  const ticksOf = (field, scale, amount) => field.categories ? field.categories.map((label, value) => ({ value, label: label.slice(0, 12) })) : scale.ticks(amount);

  function draw() {
    const { clientWidth: width, clientHeight: height } = node;
    if (width < 100) return;
    const shown = colors();
    const pen = sharpContext(canvas, width, height);
    const across = scaleOf(x, room.left, width - room.right);
    const up = scaleOf(y, height - room.bottom, room.top);
    pen.font = "11px system-ui, sans-serif";
    pen.strokeStyle = shown.line;
    pen.fillStyle = shown.soft;
    pen.textAlign = "center";
    pen.beginPath();
    for (const { value, label } of ticksOf(x, across, width / 90)) {
      const at = Math.round(across.pixel(value)) + 0.5;
      pen.moveTo(at, up.start);
      pen.lineTo(at, up.end);
      pen.fillText(label, at, up.start + 14);
    }
    pen.textAlign = "right";
    for (const { value, label } of ticksOf(y, up, height / 50)) {
      const at = Math.round(up.pixel(value)) + 0.5;
      pen.moveTo(across.start, at);
      pen.lineTo(across.end, at);
      pen.fillText(label, across.start - 6, at + 4);
    }
    pen.stroke();
    pen.fillStyle = shown.ink;
    pen.fillText(shortLabel(x) + " →", across.end, height - 6);
    pen.textAlign = "left";
    pen.fillText("↑ " + shortLabel(y), across.start + 4, room.top + 8);
    const fill = colorsBy(color, runs, shown);
    points = runs.map((run, index) => ({ run, index, x: across.pixel(x.numbers[index]), y: up.pixel(y.numbers[index]) }))
      .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
    for (const point of points) {
      pen.beginPath();
      pen.arc(point.x, point.y, 5, 0, 7);
      pen.fillStyle = fill[point.index];
      pen.fill();
      pen.strokeStyle = shown.paper;
      pen.stroke();
    }
  }

  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const distance = (point) => Math.hypot(point.x - event.clientX + box.left, point.y - event.clientY + box.top);
    return points.filter((point) => distance(point) < 14).sort((one, other) => distance(one) - distance(other))[0];
  };
  canvas.addEventListener("pointermove", (event) => {
    const found = under(event);
    tip.hidden = !found;
    canvas.style.cursor = found ? "pointer" : "";
    if (!found) return;
    const say = (field) => element("div", {}, element("span", { class: "soft" }, field.key + " "),
      field.categories ? name(field.values[found.index]) : number(field.numbers[found.index]));
    tip.replaceChildren(element("strong", {}, name(found.run.run_name)), ...[x, y, color].filter(Boolean).map(say));
    tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 6) + "px";
    tip.style.top = Math.min(event.clientY + 12, innerHeight - tip.offsetHeight - 6) + "px";
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("click", (event) => {
    const found = under(event);
    if (found) context.go(runAddress(found.run.experiment_id, found.run.run_id));
  });
  return { node, draw, related };
}
