/** A registered model and its versions. */

import { address, get, mlflow, post, send } from "../core/api.js";
import { button, element, facts, link, name } from "../core/dom.js";
import { timeNode } from "../core/format.js";
import { modelAddress, versionAddress } from "../core/names.js";
import { descriptionSection } from "../parts/description.js";
import { askFor } from "../parts/ask.js";
import { pagedList } from "../parts/list.js";
import { openMenu } from "../parts/menu.js";
import { aliasChips, aliasesOf, modelTags, stageChoice, versionFilter } from "../parts/registry.js";
import { sharingSection } from "../parts/sharing.js";

export default async function page(context) {
  const asked = context.params.name;
  const { registered_model: model } = await get(mlflow + "registered-models/get", { name: asked }, context.signal);
  context.title(model.name);
  const place = element("div");
  context.add(element("p", { class: "crumbs" }, link("#/models", "Models")),
    element("div", { class: "bar title" }, element("h1", {}, name(model.name)), menu(context, model)),
    facts([["Created", timeNode(model.creation_timestamp)], ["Changed", timeNode(model.last_updated_timestamp)],
      ["Data", link(address(mlflow + "registered-models/get", { name: model.name }), "JSON")]]),
    descriptionSection({ title: "Description", text: model.description || "",
      save: (description) => send("PATCH", mlflow + "registered-models/update", { name: model.name, description }) }),
    element("h2", {}, "Versions"), place, modelTags(model), sharingSection("model", model.name));
  const list = versionList(context, model);
  place.append(list.node);
  await list.load();
}

function versionList(context, model) {
  return pagedList({
    label: "Versions", empty: "No versions yet.", heads: ["Version", "Aliases", "Stage", "Description", "Run", "Created"],
    async fetchPage(token) {
      const answer = await get(mlflow + "model-versions/search", { filter: versionFilter(model), order_by: "version_number DESC", max_results: 100,
        page_token: token }, context.signal);
      return { items: answer.model_versions || [], next: answer.next_page_token };
    },
    row: (version) => [
      link(versionAddress(model.name, version.version), "Version " + version.version),
      aliasChips(model.name, version.version, aliasesOf(model, version.version), context.reload), stageChoice(version, context.reload),
      { node: element("div", { class: "line soft", dir: "auto" }, (version.description || "").split("\n")[0]), class: "wide" },
      version.run_id ? link("#/runs/" + encodeURIComponent(version.run_id), element("code", {}, version.run_id.slice(0, 8))) : "",
      { node: timeNode(version.creation_timestamp), class: "short" },
    ],
  });
}

function menu(context, model) {
  const more = button("⋯", () => openMenu(more, [
    { label: "Rename…", async run() {
      let changed;
      const done = await askFor("Rename model", [{ name: "name", label: "Name", value: model.name, required: true }], "Rename", async (values) => {
        changed = (await post(mlflow + "registered-models/rename", { name: model.name, new_name: values.name })).registered_model.name;
      });
      if (done) context.go(modelAddress(changed));
    } },
    null,
    { label: "Delete…", danger: true, async run() {
      const done = await askFor("Delete model", [], "Delete for ever", () => send("DELETE", mlflow + "registered-models/delete", { name: model.name }),
        { text: `“${model.name}” and all its versions are removed from the registry. This cannot be undone; the files of the models stay.`, danger: true });
      if (done) context.go("#/models");
    } },
  ]), { class: "quiet", "aria-label": "More", "aria-haspopup": "menu" });
  return more;
}
