/** The addresses of the pages of experiments, runs and models, and how the state of a run is written. */

import { element } from "./dom.js";
import { absolute, ago, duration } from "./format.js";
import { addressOf, path } from "./query.js";

export const experimentAddress = (id, query) => addressOf(path("experiments", id), query);
export const runAddress = (experiment, run) => addressOf(path("experiments", experiment, "runs", run));
export const loggedModelAddress = (experiment, model) => addressOf(path("experiments", experiment, "models", model));
export const modelAddress = (name) => addressOf(path("models", name));
export const versionAddress = (name, version) => addressOf(path("models", name, "versions", version));
export const promptAddress = (name, query) => addressOf(path("prompts", name), query);
export const compareAddress = (runs) => addressOf("/compare", { runs });

/** A running run that has logged nothing for so long is marked as silent: its process may have ended without reporting it. */
const silentAfter = 15 * 60 * 1000;

/** When a running run was last heard of, if that is so long ago that it may be dead; otherwise null. */
function silentSince({ status, start_time: start, last_logged: last }, now = Date.now()) {
  if (status !== "RUNNING") return null;
  const heard = Math.max(Number(start) || 0, Number(last) || 0);
  return heard && now - heard > silentAfter ? heard : null;
}

const words = { FINISHED: "Finished", FAILED: "Failed", KILLED: "Killed", RUNNING: "Running", SCHEDULED: "Scheduled" };

/**
 * The state of a run with its running time.
 * @param {{status: string, start_time?: number, end_time?: number, last_logged?: number}} run
 */
export function runStatus(run) {
  const silent = silentSince(run);
  const word = words[run.status] || run.status;
  if (silent) {
    return element("span", { class: "status SILENT", title: `Marked as running; last heard of ${absolute(silent)}` },
      "Silent ", element("span", { class: "soft" }, ago(silent)));
  }
  const end = Number(run.end_time) || (run.status === "RUNNING" ? Date.now() : 0);
  const time = Number(run.start_time) && end ? duration(end - Number(run.start_time)) : "";
  return element("span", { class: "status " + run.status }, word, " ", element("span", { class: "soft number" }, time));
}
