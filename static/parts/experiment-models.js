/** The logged models of experiments. */

import { mlflow, post } from "../core/api.js";
import { element, link, name } from "../core/dom.js";
import { byKey, number, timeNode } from "../core/format.js";
import { loggedModelAddress, runAddress } from "../core/names.js";
import { pagedList } from "./list.js";

/** The state of a logged model. */
export const modelState = (status) => element("span", { class: "status " + status }, status.replace(/^LOGGED_MODEL_/, "").replaceAll("_", " ").toLowerCase());

/** Adds the list to a page. */
export async function modelsOf(context, experiments) {
  const list = pagedList({
    label: "Models", empty: "No models are logged here.", heads: ["Model", "Status", "Type", "Run", "Metrics", "Created"],
    async fetchPage(token) {
      const answer = await post(mlflow + "logged-models/search", { experiment_ids: experiments, max_results: 100, page_token: token }, context.signal);
      return { items: answer.models || [], next: answer.next_page_token };
    },
    row: ({ info, data }) => [
      link(loggedModelAddress(info.experiment_id, info.model_id), name(info.name || info.model_id)), modelState(info.status), info.model_type || "",
      info.source_run_id ? link(runAddress(info.experiment_id, info.source_run_id), element("code", {}, info.source_run_id.slice(0, 8))) : "",
      element("div", {}, byKey(data?.metrics).slice(0, 4).map(({ key, value }) => element("span", { class: "chip" }, name(key), " ", number(value)))),
      { node: timeNode(info.creation_timestamp_ms), class: "short" },
    ],
  });
  context.add(list.node);
  await list.load();
}
