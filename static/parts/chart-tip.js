/** The box beside the pointer that names the values there. */

import { element } from "../core/dom.js";
import { number } from "../core/format.js";

const most = 12;

/** @returns {{node: HTMLElement, show: Function, hide: Function, nearest: Function}} */
export function chartTip() {
  const node = element("div", { class: "tip", "aria-hidden": "true", hidden: true });

  /** The value whose curve is nearest to the pointer. */
  function nearest(values) {
    return values.reduce((best, one) => !best || one.distance < best.distance ? one : best, null);
  }

  function row(one, close) {
    const smoothing = one.raw !== one.value && Number.isFinite(one.raw) ? " (" + number(one.raw) + ")" : "";
    const band = one === close && one.low < one.high ? element("span", { class: "soft" }, ` ${number(one.low)} … ${number(one.high)}`) : null;
    return element("div", { class: one === close ? "tip-row close" : "tip-row" }, element("span", { class: "dot", style: { background: one.color } }),
      element("bdi", { class: "tip-name" }, one.run.run_name), element("span", { class: "number" }, number(Number(one.value.toPrecision(6))) + smoothing, band));
  }

  return {
    node,
    nearest,
    hide: () => { node.hidden = true; },
    /** Shows values at a place of a canvas. */
    show(canvas, pixel, label, values) {
      node.hidden = !values.length;
      if (node.hidden) return;
      const close = nearest(values);
      const at = Math.max(0, Math.min(values.indexOf(close) - most / 2, values.length - most));
      const some = values.slice(at, at + most);
      node.replaceChildren(element("div", { class: "soft" }, label), ...some.map((one) => row(one, close)),
        values.length > some.length ? element("div", { class: "soft" }, `and ${values.length - some.length} more`) : "");
      const box = canvas.getBoundingClientRect();
      const right = box.left + pixel.x + 16;
      const fits = right + node.offsetWidth < innerWidth - 4;
      node.style.left = Math.max(4, fits ? right : box.left + pixel.x - 16 - node.offsetWidth) + "px";
      node.style.top = Math.max(4, Math.min(box.top + pixel.y + 12, innerHeight - node.offsetHeight - 4)) + "px";
    },
  };
}
