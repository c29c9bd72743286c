/** All experiments. */

import { get, mlflow } from "../core/api.js";
import { button, element, link, name } from "../core/dom.js";
import { timeNode } from "../core/format.js";
import { experimentAddress } from "../core/names.js";
import { size } from "../core/size.js";
import { createExperiment, deleteExperiment, renameExperiment, restoreExperiment } from "../parts/experiment-actions.js";
import { quote } from "../parts/filter-text.js";
import { pagedList, searchBox } from "../parts/list.js";
import { openMenu } from "../parts/menu.js";
import { showSpace } from "../parts/space.js";

const orders = { name: "name", created: "creation_time", changed: "last_update_time" };

/** What the server says of itself: its snapshots, its upstream and its disk; nothing where there is nothing to say. */
async function showKeeping(context) {
  let snapshots, forwarding, space;
  try {
    ({ snapshots, forwarding, artifact_space: space } = await get("health", { verbose: 1 }, context.signal));
  } catch {
    // The lines are of no use where the server does not answer: the list above says that.
    return;
  }
  showSpace(space);
  if (snapshots) showSnapshots(context, snapshots);
  if (forwarding) showForwarding(context, forwarding);
}

function showForwarding(context, { upstream, current, comparing, backlog_runs: runs, backlog_artifact_bytes: waiting,
  backlog_artifact_owners: owners, last_success: last, failure }) {
  const backlog = [runs ? `${runs} ${runs === 1 ? "run" : "runs"}` : "",
    owners ? `files of ${owners} ${owners === 1 ? "run or model" : "runs and models"}${waiting ? ` (${size(waiting)})` : ""}` : ""]
    .filter((part) => part).join(" and ");
  context.add(element("p", { class: "soft", id: "forwarding" }, `Upstream ${upstream}: `,
    current ? "has everything" : backlog ? `${backlog} to be sent` : comparing ? "is being compared" : "has everything else",
    last ? [", last sent ", timeNode(last)] : "", ". ", failure ? `The last call failed: ${failure.message}` : ""));
}

function showSnapshots(context, snapshots) {
  const { newest, current, failure, place } = snapshots;
  context.add(element("p", { class: "soft", id: "snapshots" },
    newest ? ["Newest snapshot: ", timeNode(newest), current ? ", holds everything" : ""] : "No snapshot yet", place ? `, in ${place}. ` : ". ",
    failure ? `The last one could not be made: ${failure}` : ""));
}

export default async function page(context) {
  const { query } = context;
  context.title("Experiments");
  const place = element("div");
  const deleted = query.get("stage") === "deleted";
  context.add(element("div", { class: "bar title" }, element("h1", {}, "Experiments"),
    element("span", { class: "space" }), searchBox(context, "Search experiments", show),
    link(query.address({ stage: deleted ? null : "deleted" }), deleted ? "Active ones" : "Deleted ones"),
    button("New experiment", () => createExperiment((id) => context.go(experimentAddress(id))), { class: "primary" })), place);
  await show();
  showKeeping(context);

  function show() {
    const order = query.get("order", "-changed");
    const text = query.get("q");
    const list = pagedList({
      label: "Experiments", empty: text ? "No experiment has this in its name." : deleted ? "None is deleted." : "No experiments yet.",
      heads: [{ text: "Name", order: "name" }, { text: "Note" }, { text: "Id", class: "number" }, { text: "Created", order: "created" },
        { text: "Changed", order: "changed" }, ""],
      order: { value: order, change(next) {
        query.set({ order: next });
        show();
      } },
      async fetchPage(token) {
        const answer = await get(mlflow + "experiments/search", { max_results: 200, page_token: token,
          view_type: deleted ? "DELETED_ONLY" : "ACTIVE_ONLY", filter: text ? "name ILIKE " + quote(`%${text}%`) : null,
          order_by: (orders[order.replace("-", "")] || orders.changed) + (order.startsWith("-") ? " DESC" : " ASC") }, context.signal);
        return { items: answer.experiments || [], next: answer.next_page_token };
      },
      row,
    });
    place.replaceChildren(list.node);
    return list.load();
  }

  function row(experiment) {
    const { experiment_id: id } = experiment;
    const note = (experiment.tags || []).find(({ key }) => key === "mlflow.note.content")?.value || "";
    const more = button("⋯", () => openMenu(more, [
      { label: "Rename…", run: () => renameExperiment(experiment, show) },
      { label: "Note and tags", run: () => context.go(experimentAddress(id, { view: "about" })) },
      deleted ? { label: "Restore", run: () => restoreExperiment(experiment, show) }
        : { label: "Delete…", danger: true, run: () => deleteExperiment(experiment, show) },
    ]), { class: "quiet", "aria-label": "More about " + experiment.name, "aria-haspopup": "menu" });
    return [link(experimentAddress(id), name(experiment.name)), { node: element("div", { class: "line soft", dir: "auto" }, note.split("\n")[0]), class: "wide" },
      { node: id, class: "number" }, { node: timeNode(experiment.creation_time), class: "short" },
      { node: timeNode(experiment.last_update_time), class: "short" }, { node: more, class: "short" }];
  }
}
