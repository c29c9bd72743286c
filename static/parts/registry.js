/** What models and prompts of the registry share: aliases and stages of versions, tags, how versions are found. */

import { mlflow, post, send } from "../core/api.js";
import { button, element } from "../core/dom.js";
import { askFor } from "./ask.js";
import { quote } from "./filter-text.js";
import { tagSection } from "./tags.js";
import { attempt, toast } from "./toast.js";

/**
 * @param {string} name Of the model or prompt.
 * @param {string} version
 * @param {string[]} aliases
 * @param {() => void} changed Called when an alias was set: it may have left another version.
 */
export function aliasChips(name, version, aliases, changed) {
  const set = (alias) => post(mlflow + "registered-models/alias", { name, alias, version });
  const add = async () => {
    const done = await askFor(`Alias of version ${version}`, [{ name: "alias", label: "Alias", required: true,
      hint: "An alias names one version at a time; it leaves the version that has it now." }], "Set", ({ alias }) => set(alias.trim()));
    if (done) changed();
  };
  const remove = (alias) => attempt(async () => {
    await send("DELETE", mlflow + "registered-models/alias", { name, alias });
    changed();
    toast(`Removed the alias ${alias}.`, { undo: () => attempt(async () => {
      await set(alias);
      changed();
    }) });
  });
  return element("span", { class: "chips" }, aliases.map((alias) => element("span", { class: "chip" }, element("bdi", {}, "@" + alias),
    button("×", () => remove(alias), { class: "quiet tiny", "aria-label": "Remove the alias " + alias }))),
  button("+", add, { class: "quiet tiny", "aria-label": `Add an alias to version ${version}`, title: "Add an alias" }));
}

/** The aliases that a version has, from those of the model. */
export const aliasesOf = (model, version) => (model.aliases || []).filter((one) => String(one.version) === String(version)).map(({ alias }) => alias);

/** The choice of a version's stage. */
export function stageChoice(version, changed) {
  const stages = ["None", "Staging", "Production", "Archived"];
  const choice = element("select", { "aria-label": `Stage of version ${version.version}`, onchange: () => attempt(async () => {
    try {
      await post(mlflow + "model-versions/transition-stage", { name: version.name, version: version.version, stage: choice.value,
        archive_existing_versions: false });
      toast(`Version ${version.version} is now in ${choice.value === "None" ? "no stage" : choice.value}.`);
    } finally {
      changed();
    }
  }) }, stages.map((stage) => element("option", { selected: stage === (version.current_stage || "None") }, stage)));
  return choice;
}

/** Whether a registered model is a prompt. */
const isPrompt = ({ tags }) => (tags || []).some(({ key, value }) => key === "mlflow.prompt.is_prompt" && value === "true");

/** The tags of a registered model or prompt. */
export const modelTags = (model) => tagSection({ tags: model.tags || [],
  set: (key, value) => post(mlflow + "registered-models/set-tag", { name: model.name, key, value }),
  remove: (key) => send("DELETE", mlflow + "registered-models/delete-tag", { name: model.name, key }) });

/** The filter that finds the versions of a model; the versions of a prompt are found only if the filter names their tag. */
export const versionFilter = (model) => "name = " + quote(model.name) + (isPrompt(model) ? " AND tags.`mlflow.prompt.is_prompt` = 'true'" : "");
