/** The registered models. */

import { get, mlflow, post } from "../core/api.js";
import { button, element, link, name } from "../core/dom.js";
import { timeNode } from "../core/format.js";
import { modelAddress, versionAddress } from "../core/names.js";
import { askFor } from "../parts/ask.js";
import { quote } from "../parts/filter-text.js";
import { pagedList, searchBox } from "../parts/list.js";

const orders = { name: "name", changed: "last_updated_timestamp" };

export default async function page(context) {
  const { query } = context;
  context.title("Models");
  const place = element("div");
  context.add(element("div", { class: "bar title" }, element("h1", {}, "Registered models"), element("span", { class: "space" }),
    searchBox(context, "Search models", show), button("New model", create, { class: "primary" })), place);
  await show();

  function show() {
    const order = query.get("order", "name");
    const text = query.get("q");
    const list = pagedList({
      label: "Registered models",
      empty: text ? "No model has this in its name." : "No models yet. Register one with mlflow.register_model, or when logging it.",
      heads: [{ text: "Name", order: "name" }, { text: "Newest", class: "number" }, "Aliases", "Description", { text: "Changed", order: "changed" }],
      order: { value: order, change(next) {
        query.set({ order: next });
        show();
      } },
      async fetchPage(token) {
        const answer = await get(mlflow + "registered-models/search", { max_results: 200, page_token: token,
          filter: text ? "name ILIKE " + quote(`%${text}%`) : null,
          order_by: (orders[order.replace("-", "")] || "name") + (order.startsWith("-") ? " DESC" : " ASC") }, context.signal);
        return { items: answer.registered_models || [], next: answer.next_page_token };
      },
      row,
    });
    place.replaceChildren(list.node);
    return list.load();
  }

  async function create() {
    let made;
    const done = await askFor("New model", [{ name: "name", label: "Name", required: true }, { name: "description", label: "Description", lines: 4 }],
      "Create", async (values) => { made = (await post(mlflow + "registered-models/create", values)).registered_model.name; });
    if (done) context.go(modelAddress(made));
  }
}

function row(model) {
  const newest = Math.max(0, ...(model.latest_versions || []).map(({ version }) => Number(version)));
  return [link(modelAddress(model.name), name(model.name)),
    { node: newest ? link(versionAddress(model.name, newest), String(newest)) : "", class: "number" },
    element("span", { class: "chips" }, (model.aliases || []).map(({ alias, version }) => element("span", { class: "chip" },
      element("bdi", {}, "@" + alias), " ", element("span", { class: "soft" }, String(version))))),
    { node: element("div", { class: "line soft", dir: "auto" }, (model.description || "").split("\n")[0]), class: "wide" },
    { node: timeNode(model.last_updated_timestamp), class: "short" }];
}
