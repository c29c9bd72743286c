/** Fills the rows of a run table. */

import { element } from "../core/dom.js";
import { runAddress } from "../core/names.js";
import { fillAttribute, fillFromBelow, fillValue, rangeOf } from "./table-cells.js";

/** The parts of the first cell, made once for each row. */
function makeFirst(cell) {
  const pick = element("input", { type: "checkbox", class: "pick", tabindex: -1 });
  const twist = element("button", { type: "button", class: "quiet twist", tabindex: -1 });
  const dot = element("span", { class: "dot", "aria-hidden": "true" });
  const text = element("a", { class: "name", tabindex: -1, dir: "auto" });
  const size = element("span", { class: "soft size" });
  cell.append(pick, twist, dot, text, size);
  cell.parts = { pick, twist, dot, text, size };
  return cell.parts;
}

/**
 * The function that fills a row.
 * @param {{lines: object[], ranges: Map, grouping: object|null}} state `grouping` is the module `table-groups.js` where there are groups.
 * @param {import("./table-runs.js").RunList} list
 * @param {import("./selection.js").Selection} selection
 * @param {() => boolean} nested Whether lines may have lines beneath.
 */
export function makeFiller(state, list, selection, nested) {
  const rangeFor = (position, column) => {
    if (!state.ranges.has(position)) {
      const goal = column.kind === "metrics" ? column.goal : null;
      state.ranges.set(position, list.runs.length > 1 ? rangeOf(list.runs, position, goal) : null);
    }
    return state.ranges.get(position);
  };

  return (cells, index, row) => {
    const line = state.lines[index];
    const { run, group } = line;
    const parts = cells[0].parts || makeFirst(cells[0]);
    const deep = nested();
    const chosen = run ? selection.has(run.run_id) : group.runs.every(({ run_id: id }) => selection.has(id));
    const label = run ? run.run_name || run.run_id : group.values.map((value) => value || "(none)").join(", ");
    row.setAttribute("aria-selected", String(chosen));
    row.classList.toggle("chosen", chosen);
    row.classList.toggle("deleted", run?.lifecycle_stage === "deleted");
    if (deep) row.setAttribute("aria-level", line.depth + 1);
    else row.removeAttribute("aria-level");
    if (line.size) row.setAttribute("aria-expanded", String(line.open));
    else row.removeAttribute("aria-expanded");
    cells[0].style.setProperty("--depth", line.depth);
    parts.pick.checked = chosen;
    parts.pick.setAttribute("aria-label", "Select " + label);
    parts.twist.hidden = !deep;
    parts.twist.style.visibility = line.size ? "" : "hidden";
    parts.twist.textContent = line.open ? "▾" : "▸";
    parts.twist.setAttribute("aria-label", (line.open ? "Close " : "Open ") + label);
    const color = run && (state.narrow || chosen) ? selection.colorOf(run.run_id) : undefined;
    parts.dot.hidden = color === undefined;
    if (color !== undefined) parts.dot.style.background = `var(--series-${color})`;
    parts.text.textContent = label;
    parts.text.title = label;
    if (run) parts.text.setAttribute("href", runAddress(run.experiment_id, run.run_id));
    else parts.text.removeAttribute("href");
    parts.size.textContent = line.size ? String(line.size) : "";
    for (let place = 1; place < cells.length; place += 1) fillCell(cells[place], state.shown[place], line);
  };

  function fillCell(cell, column, line) {
    const { id, numeric } = column;
    const position = list.position(id);
    if (position < 0) {
      if (line.run) fillAttribute(cell, id, line.run);
      else state.grouping.fillGroupAttribute(cell, id, line.group.runs);
    } else if (line.group) {
      state.grouping.fillGroup(cell, line.group.runs, position, numeric);
    } else if (numeric && line.below?.length && line.run.values[position] === null && column.kind === "metrics") {
      fillFromBelow(cell, line, position, column.goal);
    } else {
      fillValue(cell, line.run.values[position], numeric, numeric ? rangeFor(position, column) : null);
    }
  }
}
