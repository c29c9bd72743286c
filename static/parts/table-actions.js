/** What can be done with runs: rename, tag, note, delete, restore. */

import { mlflow, post } from "../core/api.js";
import { count } from "../core/format.js";
import { askFor } from "./ask.js";
import { attempt, toast } from "./toast.js";

/** Does something for each item, some at a time; throws the first failure after all were tried. */
export async function forEach(items, work) {
  const waiting = [...items];
  let failed;
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        await work(item);
      } catch (error) {
        failed ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  if (failed) throw failed;
}

export const renameRun = (run) => askFor("Rename run", [{ name: "name", label: "Name", value: run.run_name, required: true }], "Rename",
  ({ name }) => post(mlflow + "runs/update", { run_id: run.run_id, run_name: name }));

export const noteRun = (run, note) => askFor("Note of the run", [{ name: "note", label: "Markdown", value: note, lines: 12 }], "Save",
  ({ note: text }) => post(mlflow + "runs/set-tag", { run_id: run.run_id, key: "mlflow.note.content", value: text }));

export const tagRuns = (ids) => askFor(`Tag ${count(ids.length, "run")}`, [{ name: "key", label: "Key", required: true },
  { name: "value", label: "Value" }], "Tag",
({ key, value }) => forEach(ids, (id) => post(mlflow + "runs/set-tag", { run_id: id, key, value })));

/** Deletes or restores runs, and offers to undo that. `after` is called whenever something has changed. */
export async function moveRuns(ids, action, after) {
  const opposite = action === "delete" ? "restore" : "delete";
  const done = await attempt(() => forEach(ids, (id) => post(mlflow + "runs/" + action, { run_id: id })));
  after();
  if (!done) return;
  toast(`${action === "delete" ? "Deleted" : "Restored"} ${count(ids.length, "run")}.`,
    { undo: async () => {
      await attempt(() => forEach(ids, (id) => post(mlflow + "runs/" + opposite, { run_id: id })));
      after();
    } });
}
