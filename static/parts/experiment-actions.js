/** What can be done with an experiment. `after` is called when it is done. */

import { mlflow, post } from "../core/api.js";
import { askFor } from "./ask.js";
import { attempt, toast } from "./toast.js";

/** Asks for a name and makes an experiment; `after` gets its id. */
export async function createExperiment(after) {
  let id;
  const done = await askFor("New experiment", [{ name: "name", label: "Name", required: true }], "Create", async ({ name }) => {
    id = (await post(mlflow + "experiments/create", { name })).experiment_id;
  });
  if (done) after(id);
}

/** Asks for another name. */
export async function renameExperiment({ experiment_id: id, name }, after) {
  const done = await askFor("Rename experiment", [{ name: "name", label: "Name", value: name, required: true }], "Rename",
    ({ name: changed }) => post(mlflow + "experiments/update", { experiment_id: id, new_name: changed }));
  if (done) after();
}

/** Deletes an experiment after a question, and offers to undo that. */
export async function deleteExperiment(experiment, after) {
  const done = await askFor("Delete experiment", [], "Delete",
    () => post(mlflow + "experiments/delete", { experiment_id: experiment.experiment_id }),
    { text: `“${experiment.name}” and its runs are moved to the deleted ones, from where they can be restored.`, danger: true });
  if (!done) return;
  after();
  toast(`Deleted ${experiment.name}.`, { undo: () => restoreExperiment(experiment, after) });
}

/** Restores a deleted experiment. */
export async function restoreExperiment({ experiment_id: id }, after) {
  if (await attempt(() => post(mlflow + "experiments/restore", { experiment_id: id }))) after();
}
