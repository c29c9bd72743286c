/** The heads of a run table's columns: a click sorts, the menu does the rest. */

import { element } from "../core/dom.js";
import { number } from "../core/format.js";
import { whenLoaded } from "../core/later.js";
import { attributes, readColumn, valueWord } from "./table-columns.js";

/**
 * The columns of the table with their widths: as wide as what stands in the first rows, within bounds.
 * @param {string[]} ids
 * @param {import("./table-runs.js").RunList} list
 * @param {boolean} grouped Whether means and spreads are shown.
 */
export function tableColumns(ids, list, grouped) {
  const letter = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.58;
  // Near enough: to measure texts, the browser would load its fonts before it has anything to show.
  const width = (text) => text.length * letter + text.replace(/[^\u2e80-\uffff]/g, "").length * letter;
  const first = { id: "name", label: "Run", width: "var(--first)" };
  return [first, ...ids.map((id) => {
    const column = readColumn(id);
    const position = list.position(id);
    if (position < 0) return { id, ...column, numeric: attributes[id]?.numeric, width: (attributes[id]?.width || 120) + "px" };
    const numeric = list.types[position] === "number";
    const longest = list.runs.slice(0, 60).map(({ values }) => textOf(values[position], numeric))
      .reduce((one, other) => other.length > one.length ? other : one, "");
    const head = width([column.label, valueWord(column)].filter(Boolean).join(" ")) + 18;
    const wanted = Math.max(width(longest), Math.min(head, 180)) + 24 + (grouped && numeric ? 50 : 0);
    return { id, ...column, numeric, width: Math.round(Math.min(Math.max(wanted, 64), 260)) + "px" };
  })];
}

const textOf = (value, numeric) => value === null || value === undefined ? ""
  : numeric ? number(typeof value === "object" ? value.value : value) : String(value).slice(0, 60);

/** Fills the head of a column. */
export function headOf(column, cell, actions) {
  const { id, label } = column;
  const order = actions.order();
  const sorted = order.replace(/^-/, "") === id;
  const descending = order.startsWith("-");
  cell.setAttribute("aria-sort", sorted ? (descending ? "descending" : "ascending") : "none");
  const word = valueWord(column);
  cell.setAttribute("aria-label", [label, word].filter(Boolean).join(" "));
  const sort = element("button", { type: "button", class: "quiet sort", title: [label, word].filter(Boolean).join(" · "),
    onclick: () => actions.sort(nextOrder(column, order)) },
  element("span", { class: "label", dir: "auto" }, label), word && element("span", { class: "soft word" }, word),
  element("span", { class: "arrow", "aria-hidden": "true" }, sorted ? (descending ? "↓" : "↑") : ""));
  const open = () => whenLoaded(import("./run-table-menus.js"), ({ openColumnMenu }) => openColumnMenu(cell, column, actions));
  const more = element("button", { type: "button", class: "quiet more", tabindex: -1, "aria-label": "Menu of the column " + label, onclick: open }, "▾");
  sort.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    event.stopPropagation();
    open();
  });
  cell.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    open();
  });
  cell.append(sort, ...(id === "name" ? [] : [more]));
}

/** The best first, then the other way round, then as it was. */
function nextOrder({ id, goal, kind }, order) {
  const highFirst = (kind === "metrics" && goal === "maximize") || ["started", "ended", "logged", "duration"].includes(id);
  const cycle = highFirst ? ["-" + id, id, ""] : [id, "-" + id, ""];
  return cycle[(cycle.indexOf(order) + 1) % 3];
}
