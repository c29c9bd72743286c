/** The bar beneath a run table while runs are selected. */

import { mlflow, get, isFile } from "../core/api.js";
import { button, element, link } from "../core/dom.js";
import { count } from "../core/format.js";
import { compareAddress } from "../core/names.js";
import { attempt } from "./toast.js";
import { moveRuns, noteRun, renameRun, tagRuns } from "./table-actions.js";

/**
 * @param {object} context
 * @param {{selection: object, list: object, again: () => void, drawnAddress: () => string}} options
 */
export function selectionBar(context, { selection, list, again, drawnAddress }) {
  const node = element("div", { class: "bar selected", hidden: true, role: "group", "aria-label": "Selected runs" });
  const after = (done) => { if (done) again(); };

  async function note(run) {
    const { run: whole } = await get(mlflow + "runs/get", { run_id: run.run_id }, context.signal);
    const text = (whole.data.tags || []).find(({ key }) => key === "mlflow.note.content")?.value || "";
    after(await noteRun(run, text));
  }

  return {
    node,
    /** Brings the bar up to date with the selection. */
    show() {
      const ids = selection.list();
      node.hidden = !ids.length;
      if (!ids.length) return;
      const runs = list.runs.filter(({ run_id: id }) => selection.has(id));
      const deleted = runs.length > 0 && runs.every(({ lifecycle_stage: stage }) => stage === "deleted");
      const only = runs.length === 1 && !deleted ? runs[0] : null;
      node.replaceChildren(...[
        element("strong", {}, count(ids.length, "run") + " selected"),
        ids.length > 1 && ids.length <= 100 ? link(compareAddress(ids), "Compare") : ids.length > 100 ? element("span", { class: "soft" }, "Up to 100 can be compared") : null,
        context.query.get("view") === "charts" ? null : link(drawnAddress(), "Charts"),
        only && !isFile() && button("Rename", async () => after(await renameRun(only))),
        only && !isFile() && button("Note", () => attempt(() => note(only))),
        !deleted && !isFile() && button("Tag", async () => after(await tagRuns(ids))),
        isFile() ? null : deleted ? button("Restore", () => moveRuns(ids, "restore", again))
          : button("Delete", async () => {
            await moveRuns(ids, "delete", again);
            selection.set([]);
          }),
        element("span", { class: "space" }), button("Select none", () => selection.set([]), { class: "quiet" }),
      ].filter(Boolean));
    },
  };
}
