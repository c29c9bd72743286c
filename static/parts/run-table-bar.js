/** The bar beneath a run table while runs are selected. */

import { mlflow, get, isFile } from "../core/api.js";
import { button, element, link } from "../core/dom.js";
import { count } from "../core/format.js";
import { compareAddress } from "../core/names.js";
import { moveRuns, noteRun, renameRun, tagRuns } from "./table-actions.js";
import { attempt } from "./toast.js";

/**
 * Fills the bar for the runs that are selected now.
 * @param {HTMLElement} node
 * @param {object} context
 * @param {{selection: object, list: object, again: () => void}} options `again` is called when runs have changed.
 */
export function fillBar(node, context, { selection, list, again }) {
  const ids = selection.list();
  node.hidden = !ids.length;
  const after = (done) => { if (done) again(); };
  const runs = list.runs.filter(({ run_id: id }) => selection.has(id));
  const deleted = runs.length > 0 && runs.every(({ lifecycle_stage: stage }) => stage === "deleted");
  const only = runs.length === 1 && !deleted ? runs[0] : null;

  async function note() {
    const { run: whole } = await get(mlflow + "runs/get", { run_id: only.run_id }, context.signal);
    const text = (whole.data.tags || []).find(({ key }) => key === "mlflow.note.content")?.value || "";
    after(await noteRun(only, text));
  }

  node.replaceChildren(...[
    element("strong", {}, count(ids.length, "run") + " selected"),
    ids.length > 1 && ids.length <= 100 ? link(compareAddress(ids), "Compare") : ids.length > 100 ? element("span", { class: "soft" }, "Up to 100 can be compared") : null,
    context.query.get("view") === "charts" ? null : link(context.query.address({ view: "charts" }), "Charts"),
    only && !isFile() && button("Rename", async () => after(await renameRun(only))),
    only && !isFile() && button("Note", () => attempt(note)),
    !deleted && !isFile() && button("Tag", async () => after(await tagRuns(ids))),
    isFile() ? null : deleted ? button("Restore", () => moveRuns(ids, "restore", again))
      : button("Delete", async () => {
        await moveRuns(ids, "delete", again);
        selection.set([]);
      }),
    element("span", { class: "space" }), button("Select none", () => selection.set([]), { class: "quiet" }),
  ].filter(Boolean));
}
