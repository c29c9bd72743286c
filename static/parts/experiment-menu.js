/** The menu of an experiment. */

import { experimentAddress } from "../core/names.js";
import { deleteExperiment, renameExperiment, restoreExperiment } from "./experiment-actions.js";
import { downloadExport, exportFile } from "./export.js";
import { meantFilter } from "./filter-text.js";
import { openMenu } from "./menu.js";

/** Opens the menu of the experiment that a page shows. */
export function openExperimentMenu(anchor, context, experiment) {
  const { experiment_id: id, lifecycle_stage: stage } = experiment;
  openMenu(anchor, [
    { label: "Rename…", run: () => renameExperiment(experiment, context.reload) },
    { label: "Export the table as one file",
      run: () => exportFile({ experiment_ids: [id], filter: meantFilter(context.query.get("filter")) }, experiment.name, context.signal) },
    ...[["Archive with all its data", "archive"], ["All its runs as CSV", "table"]].map(([label, kind]) =>
      ({ label, run: () => downloadExport(kind, { experiment_ids: id }) })),
    { label: "Edit note and tags", run: () => context.go(experimentAddress(id, { view: "about" })) },
    { label: "Copy a link to what is shown", run: () => navigator.clipboard?.writeText(location.href) },
    null,
    stage === "deleted" ? { label: "Restore", run: () => restoreExperiment(experiment, context.reload) }
      : { label: "Delete…", danger: true, run: () => deleteExperiment(experiment, () => context.go("#/")) },
  ]);
}
