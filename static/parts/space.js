/** Says in time that the disk of the artifacts is nearly full. */

import { element } from "../core/dom.js";
import { size } from "../core/size.js";

let bar = null;

/** Shows the bar above all pages, or takes it away; `space` is what `health?verbose=1` tells, if anything. */
export function showSpace(space) {
  bar?.remove();
  bar = null;
  if (!space || space.level === "ample") return;
  const left = `${size(space.free_bytes)} left on the disk of the artifacts`;
  bar = element("p", { class: "notice", id: "space", role: "status" }, space.level === "spent"
    ? `Artifacts are refused: ${left}, and the last ${size(space.kept_bytes)} stay free. Metrics, params and tags go on.`
    : `Artifacts will soon be refused: ${left}, and the last ${size(space.kept_bytes)} stay free.`);
  document.querySelector("header").after(bar);
}
