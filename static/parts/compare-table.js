/** Params and metrics of runs side by side. */

import { button, element, linked, name } from "../core/dom.js";
import { numberNode } from "../core/format.js";
import { fieldsOf } from "./compare-data.js";

/**
 * @param {object} context The address keeps whether equal rows are shown as `all`.
 * @param {object[]} runs
 * @param {(run: object) => Node} head
 */
export function compareTable(context, runs, head) {
  const fields = fieldsOf(runs);
  const { query } = context;
  const place = element("div");
  const toggle = button("", () => {
    query.set({ all: query.get("all") ? null : "1" });
    draw();
  });

  function draw() {
    const all = query.get("all") === "1";
    const equal = fields.filter(({ differs }) => !differs).length;
    toggle.textContent = all ? "Show only what differs" : `Show ${equal} equal rows too`;
    toggle.hidden = !equal;
    const shown = fields.filter(({ differs }) => all || differs);
    const group = (kind, title) => {
      const some = shown.filter((field) => field.kind === kind);
      const head = element("tr", {}, element("th", { class: "group", colspan: runs.length + 1, scope: "rowgroup" }, title));
      return some.length ? element("tbody", {}, head, some.map(row)) : null;
    };
    place.replaceChildren(shown.length ? element("div", { class: "scroll tall", tabindex: 0, role: "group", "aria-label": "Params and metrics" },
      element("table", { class: "side" }, element("thead", {}, element("tr", {}, element("td", {}), runs.map((run) => element("th", { scope: "col" }, head(run))))),
        group("params", "Params"), group("metrics", "Metrics"))) : element("p", { class: "soft" }, "All params and metrics are equal."));
  }

  function row({ kind, key, values, numbers, categories, differs }) {
    const finite = numbers.filter(Number.isFinite);
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    return element("tr", {}, element("th", { scope: "row", class: "key" }, name(key)), values.map((value, index) => {
      const edge = kind === "metrics" && differs && high > low ? (numbers[index] === high ? "high" : numbers[index] === low ? "low" : "") : "";
      const title = { high: "Greatest", low: "Least" }[edge];
      const shown = value === undefined ? element("span", { class: "soft" }, "–") : kind === "metrics" ? numberNode(value)
        : element("div", { class: "value", tabindex: value.length > 120 ? 0 : null }, linked(value));
      return element("td", { class: `${categories ? "" : "number"} ${edge}`, dir: categories ? "auto" : null, title }, shown);
    }));
  }
  draw();
  return element("div", {}, element("p", { class: "bar" }, element("span", { class: "soft space" }, "▲ greatest, ▼ least of a metric"), toggle), place);
}
