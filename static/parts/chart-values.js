/** The values of a chart as a table, for those who want them exactly or do not see the curves. */

import { element, name } from "../core/dom.js";
import { count, numberNode } from "../core/format.js";
import { statistics } from "./chart-words.js";
import { openDialog } from "./dialog.js";

/** Opens a dialog with the curves of a chart as a table. */
export function openValues({ key, drawn, panel }) {
  const heads = ["Run", "Last", "Least", "at", "Greatest", "at", "Points"];
  const rows = (drawn?.curves || []).map((curve) => {
    const { least, leastAt, greatest, greatestAt, last } = statistics(curve);
    const cells = [numberNode(last), numberNode(least), panel.xLabel(leastAt), numberNode(greatest), panel.xLabel(greatestAt),
      count(curve.points.count, "point").split(" ")[0]];
    return element("tr", {}, element("th", { scope: "row" }, name(curve.run.run_name)), cells.map((cell) => element("td", { class: "number" }, cell)));
  });
  openDialog(key, element("div", { class: "scroll" }, element("table", {}, element("thead", {}, element("tr", {}, heads.map((head, index) =>
    element("th", { scope: "col", class: index ? "number" : null }, head)))), element("tbody", {}, rows))));
}
