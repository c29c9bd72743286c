/** Tables of files: separated values and the JSON that `log_table` writes. */

import { button, element, linked } from "../core/dom.js";
import { count, number } from "../core/format.js";

const rowsAtOnce = 200;

/** The rows of a text of separated values, with quotes. */
export function readSeparated(text, separator) {
  const rows = [];
  let row = [];
  let at = 0;
  while (at < text.length) {
    let field = "";
    if (text[at] === '"') {
      let end = at + 1;
      for (;;) {
        const mark = text.indexOf('"', end);
        field += text.slice(end, mark < 0 ? undefined : mark);
        at = mark < 0 ? text.length : mark + 1;
        if (text[at] !== '"' || mark < 0) break;
        field += '"';
        end = at + 1;
      }
    }
    let end = at;
    while (end < text.length && text[end] !== separator && text[end] !== "\n") end += 1;
    field += text.slice(at, end).replace(/\r$/, "");
    row.push(field);
    if (text[end] !== separator) {
      rows.push(row);
      row = [];
    } else if (end + 1 === text.length) {
      row.push("");
    }
    at = end + 1;
  }
  if (row.length) rows.push(row);
  return rows;
}

/** The columns and rows of a JSON value that is a table: `{columns, data}`, or a list of objects of one form; otherwise null. */
export function readTable(value) {
  if (Array.isArray(value?.columns) && Array.isArray(value?.data) && value.data.every(Array.isArray)) return { columns: value.columns, rows: value.data };
  if (!Array.isArray(value) || value.length < 2 || !value.every((one) => one && typeof one === "object" && !Array.isArray(one))) return null;
  const columns = [...new Set(value.slice(0, 100).flatMap(Object.keys))];
  return columns.length > 60 ? null : { columns, rows: value.map((one) => columns.map((column) => one[column])) };
}

/**
 * A table of values; a click on a head sorts it.
 * @param {{columns: string[], rows: Array[], cut?: boolean}} table Cut says that the file has more rows.
 * @param {(value: object) => Node|null} [special] Shows values that are objects.
 */
export function tableView({ columns, rows, cut }, special) {
  let order = rows;
  let sorted = null;
  const body = element("tbody");
  const more = button("More rows", () => add());
  const numeric = columns.map((_, index) => rows.length > 0 && rows.slice(0, 100).every((row) => row[index] === null || row[index] === "" || isNumber(row[index])));
  const heads = columns.map((column, index) => element("th", { scope: "col", class: numeric[index] ? "number" : null },
    button(String(column), () => sort(index), { class: "quiet sort" })));
  const node = element("div", {}, element("div", { class: "scroll tall", tabindex: 0, role: "group", "aria-label": "Table" },
    element("table", {}, element("thead", {}, element("tr", {}, heads)), body)),
  element("p", { class: "soft bar" }, count(rows.length, "row"), cut ? " of the beginning of the file" : "", more));

  function cell(value, index) {
    const shown = value && typeof value === "object" ? special?.(value) || JSON.stringify(value) : value === null || value === undefined ? ""
      : typeof value === "number" ? number(value) : linked(String(value));
    return element("td", { class: numeric[index] ? "number" : null, dir: "auto" }, shown);
  }

  function add() {
    const from = body.childElementCount;
    body.append(...order.slice(from, from + rowsAtOnce).map((row) => element("tr", {}, columns.map((_, index) => cell(row[index], index)))));
    more.hidden = body.childElementCount >= order.length;
  }

  function sort(index) {
    const descending = sorted === index;
    sorted = descending ? null : index;
    const sign = descending ? -1 : 1;
    order = [...rows].sort((one, other) => sign * compare(one[index], other[index], numeric[index]));
    heads.forEach((head, at) => (at === index ? head.setAttribute("aria-sort", descending ? "descending" : "ascending") : head.removeAttribute("aria-sort")));
    body.replaceChildren();
    add();
  }
  add();
  return node;
}

const isNumber = (value) => typeof value === "number" || /^nan$/i.test(value)
  || (typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value)));

function compare(one, other, numeric) {
  if (!numeric) return String(one ?? "").localeCompare(String(other ?? ""), "en", { numeric: true });
  const [left, right] = [parseFloat(one), parseFloat(other)];
  return Number.isNaN(left) ? (Number.isNaN(right) ? 0 : 1) : Number.isNaN(right) ? -1 : left - right;
}
