/** The prompts of the registry. */

import { get, mlflow } from "../core/api.js";
import { element, link, name } from "../core/dom.js";
import { timeNode } from "../core/format.js";
import { promptAddress } from "../core/names.js";
import { quote } from "../parts/filter-text.js";
import { pagedList, searchBox } from "../parts/list.js";

export default async function page(context) {
  context.title("Prompts");
  const place = element("div");
  context.add(element("div", { class: "bar title" }, element("h1", {}, "Prompts"), element("span", { class: "space" }),
    searchBox(context, "Search prompts", show)), place);
  await show();

  function show() {
    const text = context.query.get("q");
    const list = pagedList({
      label: "Prompts", empty: text ? "No prompt has this in its name." : "No prompts yet. Register one with mlflow.genai.register_prompt.",
      heads: ["Name", { text: "Newest", class: "number" }, "Aliases", "Description", "Changed"],
      async fetchPage(token) {
        const filter = "tags.`mlflow.prompt.is_prompt` = 'true'" + (text ? " AND name ILIKE " + quote(`%${text}%`) : "");
        const answer = await get(mlflow + "registered-models/search", { filter, max_results: 200, page_token: token }, context.signal);
        return { items: answer.registered_models || [], next: answer.next_page_token };
      },
      row: (prompt) => [link(promptAddress(prompt.name), name(prompt.name)),
        { node: String(Math.max(0, ...(prompt.latest_versions || []).map(({ version }) => Number(version))) || ""), class: "number" },
        element("span", { class: "chips" }, (prompt.aliases || []).map(({ alias, version }) => element("span", { class: "chip" },
          element("bdi", {}, "@" + alias), " ", element("span", { class: "soft" }, String(version))))),
        { node: element("div", { class: "line soft", dir: "auto" }, (prompt.description || "").split("\n")[0]), class: "wide" },
        { node: timeNode(prompt.last_updated_timestamp), class: "short" }],
    });
    place.replaceChildren(list.node);
    return list.load();
  }
}
