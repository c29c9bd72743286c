/**
 * A table of any length in one scroll: only the rows in sight (and some beside) are in the document. It knows nothing of
 * runs: it is given lines, and a function that fills a row.
 */

import { element } from "../core/dom.js";

const beside = 12;

/**
 * @param {object} options
 * @param {string} options.label The name for screen readers.
 * @param {(cells: HTMLElement[], index: number, row: HTMLElement) => void} options.fill Fills the cells of a row.
 * @param {(column: object, cell: HTMLElement) => void} options.head Fills the head of a column.
 * @param {(index: number) => void} [options.reached] Called with the last row in sight.
 */
export function makeTable({ label, fill, head, reached }) {
  const headRow = element("div", { class: "row head", role: "row", "aria-rowindex": 1 });
  const body = element("div", { class: "rows", role: "rowgroup" });
  const node = element("div", { class: "grid", role: "grid", "aria-label": label, tabindex: 0, onscroll: () => draw() },
    element("div", { role: "rowgroup", class: "heads" }, headRow), body);
  const shown = new Map();
  const spare = [];
  let columns = [];
  let length = 0;
  let cursor = -1;

  const rowHeight = () => parseFloat(getComputedStyle(node).getPropertyValue("--row")) || 30;
  let height = 30;

  function makeRow() {
    const cells = columns.map((column, position) => element("div", {
      role: position ? "gridcell" : "rowheader", class: (position ? "cell" : "cell first") + (column.numeric ? " number" : ""),
      "aria-colindex": position + 1 }));
    const row = element("div", { class: "row", role: "row" }, cells);
    row.cells = cells;
    return row;
  }

  function place(row, index) {
    row.index = index;
    row.style.transform = `translateY(${index * height}px)`;
    row.setAttribute("aria-rowindex", index + 2);
    row.id = "row-" + index;
    row.classList.toggle("cursor", index === cursor);
    fill(row.cells, index, row);
  }

  /** Shows the rows in sight; with `all`, fills those again that are there. */
  function draw(all) {
    const top = node.scrollTop;
    const from = Math.max(0, Math.floor(top / height) - beside);
    const to = Math.min(length, Math.ceil((top + node.clientHeight) / height) + beside);
    for (const [index, row] of shown) {
      if (index >= from && index < to) continue;
      shown.delete(index);
      spare.push(row);
    }
    for (let index = from; index < to; index += 1) {
      let row = shown.get(index);
      if (row && !all) continue;
      if (!row) {
        row = spare.pop() || makeRow();
        shown.set(index, row);
      }
      place(row, index);
      if (!row.isConnected) body.append(row);
    }
    for (const row of spare) row.remove();
    if (to) reached?.(to - 1);
  }

  const observer = new ResizeObserver(() => {
    const now = rowHeight();
    if (now !== height) {
      height = now;
      body.style.height = length * height + "px";
      draw(true);
    } else {
      draw();
    }
  });
  observer.observe(node);

  return {
    node,
    /** Sets the columns: `[{ id, width, numeric }]`; the first stays in sight. */
    setColumns(list) {
      columns = list;
      height = rowHeight();
      node.style.setProperty("--columns", columns.map(({ width }) => width).join(" "));
      node.setAttribute("aria-colcount", columns.length);
      headRow.replaceChildren(...columns.map((column, position) => {
        const cell = element("div", { role: "columnheader", class: (position ? "cell" : "cell first") + (column.numeric ? " number" : ""),
          "aria-colindex": position + 1 });
        head(column, cell);
        return cell;
      }));
      shown.clear();
      spare.length = 0;
      body.replaceChildren();
    },
    /** Sets the number of rows and fills those in sight again. */
    setLength(rows) {
      length = rows;
      node.setAttribute("aria-rowcount", rows + 1);
      body.style.height = rows * height + "px";
      if (cursor >= rows) this.moveTo(rows - 1, false);
      draw(true);
    },
    /** Fills the rows in sight again. */
    refresh: () => draw(true),
    get cursor() {
      return cursor;
    },
    /** Makes a row the current one; with `scroll`, brings it into sight. */
    moveTo(index, scroll = true) {
      const next = Math.min(Math.max(index, -1), length - 1);
      shown.get(cursor)?.classList.remove("cursor");
      cursor = next;
      if (scroll && next >= 0) {
        const top = next * height;
        const room = node.clientHeight - headRow.offsetHeight;
        if (top < node.scrollTop) node.scrollTop = top;
        else if (top + height > node.scrollTop + room) node.scrollTop = top + height - room;
        draw();
      }
      shown.get(next)?.classList.add("cursor");
      if (next >= 0 && shown.has(next)) node.setAttribute("aria-activedescendant", "row-" + next);
      else node.removeAttribute("aria-activedescendant");
    },
    /** The index of the row that an element is in, or -1. */
    indexOf: (target) => target.closest?.(".rows > .row")?.index ?? -1,
    stop: () => observer.disconnect(),
  };
}
