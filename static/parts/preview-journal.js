/** The journal of a run's artifacts: every upload and deletion through the server. */

import { apus, get } from "../core/api.js";
import { element, name } from "../core/dom.js";
import { duration, timeNode } from "../core/format.js";
import { size } from "../core/size.js";
import { pagedList } from "./list.js";

/** A journal that is asked for when it is opened. */
export function journal(run, signal) {
  const place = element("div");
  const open = ({ target }) => {
    if (!target.open || place.firstChild) return;
    const list = pagedList({
      label: "Journal", empty: "Nothing came through the server.", heads: ["File", "What", "When", { text: "Size", class: "number" }, { text: "Took", class: "number" }],
      async fetchPage(token) {
        const answer = await get(apus + "artifacts/journal", { run_id: run, max_results: 100, page_token: token }, signal);
        return { items: answer.entries || [], next: answer.next_page_token };
      },
      row: ({ path, operation, time, bytes, duration_microseconds: took, deduplicated }) => [name(path.split("/artifacts/").slice(1).join("/artifacts/") || path),
        operation.toLowerCase() + (deduplicated ? ", shares space" : ""), { node: timeNode(time), class: "short" }, { node: size(bytes), class: "number" },
        { node: duration(took / 1000), class: "number" }],
    });
    place.append(list.node);
    list.load();
  };
  return element("details", { class: "journal", ontoggle: open }, element("summary", {}, "Journal of uploads and deletions"), place);
}
