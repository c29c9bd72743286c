/** Small curves beside numbers. */

import { readValue } from "./chart-series.js";

const space = "http://www.w3.org/2000/svg";

/**
 * A curve of 100 × 22 units without axes.
 * @param {Array<number|string>} values As the server writes them.
 * @returns {SVGElement}
 */
export function sparkline(values) {
  const read = values.map(readValue);
  const finite = read.filter(Number.isFinite);
  const [low, high] = [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
  const node = document.createElementNS(space, "svg");
  node.setAttribute("class", "sparkline");
  node.setAttribute("viewBox", "0 0 100 22");
  node.setAttribute("preserveAspectRatio", "none");
  node.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  let drawing = "";
  let open = false;
  read.forEach((value, index) => {
    if (Number.isFinite(value)) {
      const y = high > low ? 20 - ((value - low) / (high - low)) * 18 : 11;
      drawing += `${open ? "L" : "M"}${(index / Math.max(1, read.length - 1) * 100).toFixed(1)} ${y.toFixed(1)}`;
    }
    open = Number.isFinite(value);
  });
  path.setAttribute("d", drawing);
  node.append(path);
  return node;
}
