/** A version of a registered model. */

import { address, fetchFile, get, mlflow, post, send } from "../core/api.js";
import { button, element, facts, link, linked, name } from "../core/dom.js";
import { timeNode } from "../core/format.js";
import { loggedModelAddress, modelAddress } from "../core/names.js";
import { descriptionSection } from "../parts/description.js";
import { askFor } from "../parts/ask.js";
import { aliasChips, aliasesOf, stageChoice } from "../parts/registry.js";
import { readSignature, signatureSection } from "../parts/signature.js";
import { tagSection } from "../parts/tags.js";

export default async function page(context) {
  const asked = { name: context.params.name, version: context.params.version };
  const [{ model_version: version }, { registered_model: model }] = await Promise.all([
    get(mlflow + "model-versions/get", asked, context.signal),
    get(mlflow + "registered-models/get", { name: asked.name }, context.signal)]);
  context.title(`${version.name} ${version.version}`);
  const signature = element("div");
  context.add(element("p", { class: "crumbs" }, link("#/models", "Models"), " / ", link(modelAddress(version.name), name(version.name))),
    element("div", { class: "bar title" }, element("h1", {}, name(version.name), " version " + version.version),
      button("Delete…", () => drop(context, version))),
    facts([
      ["Aliases", aliasChips(version.name, version.version, aliasesOf(model, version.version), context.reload)],
      ["Stage", stageChoice(version, context.reload)],
      ["State", element("span", { class: "status " + version.status, title: version.status_message || null }, (version.status || "").replaceAll("_", " ").toLowerCase())],
      ["Run", version.run_id && link("#/runs/" + encodeURIComponent(version.run_id), element("code", {}, version.run_id.slice(0, 8)))],
      ["Created", timeNode(version.creation_timestamp)], ["Changed", timeNode(version.last_updated_timestamp)], ["User", version.user_id],
      ["Source", element("span", { class: "key", dir: "auto" }, source(version))],
      ["Data", link(address(mlflow + "model-versions/get", asked), "JSON")],
    ]),
    descriptionSection({ title: "Description", text: version.description || "",
      save: (description) => send("PATCH", mlflow + "model-versions/update", { ...asked, description }) }),
    signature,
    tagSection({ tags: version.tags || [], set: (key, value) => post(mlflow + "model-versions/set-tag", { ...asked, key, value }),
      remove: (key) => send("DELETE", mlflow + "model-versions/delete-tag", { ...asked, key }) }));
  // Other sources are stores that this server does not read.
  if (/^(runs|models|mlflow-artifacts|file):|^\//.test(version.source || "")) showSignature(context, asked, signature);
}

/** The source, a link where its model has a page here. */
function source({ source: text, experiment_id: experiment }) {
  const model = /^models:\/(m-[0-9a-f]+)$/.exec(text || "");
  return model ? link(loggedModelAddress(experiment || "-", model[1]), text) : linked(text || "");
}

async function showSignature(context, asked, place) {
  try {
    const file = await fetchFile("model-versions/get-artifact", { ...asked, path: "MLmodel" }, context.signal);
    const found = readSignature(await file.text());
    place.replaceChildren(found ? signatureSection(found) : element("p", { class: "soft" }, "The model has no signature."));
  } catch {
    // A source without an MLmodel file says nothing about a signature.
  }
}

async function drop(context, { name: model, version }) {
  const done = await askFor("Delete version", [], "Delete for ever", () => send("DELETE", mlflow + "model-versions/delete", { name: model, version }),
    { text: `Version ${version} of “${model}” is removed from the registry. This cannot be undone; its files stay.`, danger: true });
  if (done) context.go(modelAddress(model));
}
