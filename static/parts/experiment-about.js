/** What an experiment is about: its note, its tags, where it keeps things. */

import { address, isFile, mlflow, post } from "../core/api.js";
import { element, facts, link, name } from "../core/dom.js";
import { timeNode } from "../core/format.js";
import { descriptionSection } from "./description.js";
import { sharingSection } from "./sharing.js";
import { tagSection } from "./tags.js";

const noteKey = "mlflow.note.content";

/** The section of one experiment. */
export function about(experiment) {
  const { experiment_id: id, tags = [] } = experiment;
  const set = (key, value) => post(mlflow + "experiments/set-experiment-tag", { experiment_id: id, key, value });
  return element("div", {},
    facts([["Id", element("code", {}, id)], ["Created", timeNode(experiment.creation_time)], ["Changed", timeNode(experiment.last_update_time)],
      ["Artifacts", element("code", {}, name(experiment.artifact_location))],
      ["Data", !isFile() && link(address(mlflow + "experiments/get", { experiment_id: id }), "JSON")]]),
    descriptionSection({ title: "Note", text: tags.find(({ key }) => key === noteKey)?.value || "", save: isFile() ? undefined : (text) => set(noteKey, text) }),
    tagSection({ tags: tags.filter(({ key }) => key !== noteKey), set: isFile() ? undefined : set,
      remove: (key) => post(mlflow + "experiments/delete-experiment-tag", { experiment_id: id, key }) }),
    !isFile() && sharingSection("experiment", id));
}
