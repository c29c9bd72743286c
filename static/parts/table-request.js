/** What a table of runs asks the server for. */

import { attributes, defaultColumns, readColumn, requestColumn } from "./table-columns.js";

/** The number of runs that are asked for first: more than a screen holds. */
const firstPage = 150;

/** The stages of runs: their word in the address, what the server calls them, and their label. */
export const stages = { active: ["ACTIVE_ONLY", "Active"], deleted: ["DELETED_ONLY", "Deleted"], all: ["ALL", "Active and deleted"] };

/** The stage that an address names. */
export const stageOf = (query) => stages[query.get("stage")] || stages.active;

/** Asks which keys the runs have: the keys of all runs are offered, not only of those that a filter leaves. */
export const keysRequest = (experiments, query) => ({ experiment_ids: experiments, filter: "", run_view_type: stageOf(query)[0] });

/** The columns that the address names; null for the usual ones. */
export const chosenColumns = (query) => query.list("columns", null)?.filter(readColumn) ?? null;

/** The columns of a table in which nobody has chosen any. */
export const usualColumns = (experiments, known) => [...(experiments.length > 1 ? ["experiment"] : []), ...defaultColumns(known)];

/** What the runs are grouped by. */
export const groupsOf = (query) => query.list("group").filter(readColumn);

/**
 * The first page of the runs that an address asks for.
 * @param {string[]} experiments
 * @param {import("../core/query.js").Query} query
 * @param {string} filter As the server understands it.
 * @param {string[]} shown The ids of the columns.
 * @returns {{valued: string[], body: object}} `valued` are the columns that have a place in `run.values`.
 */
export function runsRequest(experiments, query, filter, shown) {
  const order = query.get("order");
  const sorted = order.replace(/^-/, "");
  const asked = new Set([...shown, ...groupsOf(query), ...(readColumn(sorted) ? [sorted] : [])]);
  const valued = [...asked].filter((id) => readColumn(id).kind !== "attribute");
  return { valued, body: {
    experiment_ids: experiments, filter, run_view_type: stageOf(query)[0], order_by: orderOf(order, valued),
    columns: valued.map((id) => requestColumn(readColumn(id))), max_results: firstPage } };
}

function orderOf(order, columns) {
  const descending = order.startsWith("-");
  const id = order.replace(/^-/, "");
  const position = columns.indexOf(id);
  if (position >= 0) return [{ column: position, descending }];
  return attributes[id]?.order ? [attributes[id].order + (descending ? " DESC" : " ASC")] : [];
}
