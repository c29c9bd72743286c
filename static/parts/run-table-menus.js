/** The menus of a run table: those of a column, of the groups and of the stages of runs. */

import { askFor } from "./ask.js";
import { openMenu } from "./menu.js";
import { isInternal, metricColumn } from "./table-columns.js";
import { stages } from "./table-request.js";

/** Opens the menu of a column at its head. */
export function openColumnMenu(head, { id, key, kind, value, step }, actions) {
  const ids = actions.columns();
  const at = ids.indexOf(id);
  const replace = (other) => actions.setColumns([...new Set(ids.map((one) => one === id ? other : one))]);
  const moved = (by) => {
    const next = ids.filter((one) => one !== id);
    next.splice(at + by, 0, id);
    actions.setColumns(next);
  };
  const values = kind !== "metrics" ? [] : [["last", "Last value"], ["min", "Lowest value"], ["max", "Highest value"], ["best", "Best value"]]
    .map(([name, label]) => ({ label, checked: value === name, run: () => replace(metricColumn(key, name)) }));
  if (kind === "metrics") values.push({ label: "Value at a step…", checked: value === "at_step", run: () => askFor("Value at a step",
    [{ name: "step", label: "Step", value: String(step ?? 0), required: true }], "Show", async ({ step: asked }) => {
      if (!/^-?\d+$/.test(asked.trim())) throw new Error("A step is a whole number.");
      replace(metricColumn(key, "at_step", Number(asked)));
    }) }, null);
  openMenu(head, [...values,
    { label: "Sort ascending", run: () => actions.sort(id) }, { label: "Sort descending", run: () => actions.sort("-" + id) },
    kind === "params" || kind === "tags" || id === "status" || id === "user" ? { label: "Group by this", run: () => actions.group(id) } : undefined, null,
    at > 0 ? { label: "Move left", run: () => moved(-1) } : undefined, at < ids.length - 1 ? { label: "Move right", run: () => moved(1) } : undefined,
    { label: "Hide", run: () => actions.setColumns(ids.length > 1 ? ids.filter((one) => one !== id) : ["name"]) },
  ].filter((item) => item !== undefined));
}

/** Opens the menu that groups runs by a column; `group` gets its id, or undefined for no groups. */
export function openGroupMenu(anchor, chosen, { params, tags, runs: all }, group) {
  const item = (id, label) => ({ label, checked: id === chosen, run: () => group(id) });
  const differing = params.filter(({ distinct, runs }) => distinct > 1 || runs < all).slice(0, 40);
  const own = tags.filter(({ key }) => !isInternal(key)).slice(0, 40);
  openMenu(anchor, [item(undefined, "No groups"), null, ...differing.map(({ key }) => item("params." + key, key)), null,
    ...own.map(({ key }) => item("tags." + key, "tag " + key)), item("status", "Status"), item("user", "User")]);
}

/** Opens the menu of the stages of runs; `choose` gets the name of the chosen one. */
export function openStageMenu(anchor, chosen, choose) {
  openMenu(anchor, Object.entries(stages).map(([name, [, label]]) => ({ label, checked: name === chosen, run: () => choose(name) })));
}
