/** Jump: one box that finds any experiment, run or model by a part of its name or by its id. */

import { get, mlflow, post } from "../core/api.js";
import { element, failure } from "../core/dom.js";
import { ago } from "../core/format.js";
import { experimentAddress, modelAddress, promptAddress, runAddress } from "../core/names.js";
import { go } from "../core/router.js";
import { openDialog } from "./dialog.js";
import { quote } from "./filter-words.js";

const each = 8;

/** Opens the box. */
export function openJump() {
  if (document.querySelector("dialog[open]")) return;
  const list = element("div", { id: "jump-list", role: "listbox", "aria-label": "Found" });
  const note = element("p", { class: "soft", role: "status" });
  const input = element("input", { type: "search", role: "combobox", "aria-label": "Name or id of an experiment, run or model", "aria-expanded": "true",
    "aria-controls": "jump-list", "aria-autocomplete": "list", placeholder: "Name or id", autocomplete: "off", spellcheck: "false", dir: "auto" });
  const dialog = openDialog("Jump to", element("div", { class: "jumpbox" }, input, list, note));
  let search = new AbortController();
  let timer;
  let items = [];
  let chosen = 0;
  let isStale = true;
  let isWanted = false;
  dialog.addEventListener("close", () => search.abort());

  function choose(index) {
    list.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = Math.min(Math.max(index, 0), items.length - 1);
    const option = list.children[chosen];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function take(index) {
    if (!items[index]) return;
    dialog.close();
    go(items[index].href);
  }

  async function find() {
    search.abort();
    search = new AbortController();
    const { signal } = search;
    const text = input.value.trim();
    try {
      items = await found(text, signal);
    } catch (error) {
      if (!signal.aborted) note.replaceChildren(failure(error));
      return;
    }
    // Another text was typed meanwhile and is looked for next.
    if (input.value.trim() !== text) return;
    list.replaceChildren(...items.map((item, index) => element("div", { role: "option", id: "jump-" + index, class: "option", "aria-selected": "false",
      onclick: () => take(index) }, element("bdi", { class: "line" }, item.name), element("span", { class: "soft" }, item.kind))));
    note.textContent = items.length ? "" : "Nothing is found.";
    choose(0);
    isStale = false;
    if (isWanted) take(chosen);
  }

  input.addEventListener("input", () => {
    isStale = true;
    isWanted = false;
    clearTimeout(timer);
    timer = setTimeout(find, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    // The list may still be that of an earlier text.
    else if (event.key === "Enter" && isStale) isWanted = true;
    else if (event.key === "Enter") take(chosen);
    else return;
    event.preventDefault();
  });
  input.focus();
  find();
}

/** What a text may mean: ids first, then names. */
async function found(text, signal) {
  const like = text ? "ILIKE " + quote(`%${text}%`) : "";
  const prompts = "tags.`mlflow.prompt.is_prompt` = 'true'";
  const asked = [
    /^[0-9a-f]{32}$/.test(text) ? get(mlflow + "runs/get", { run_id: text }, signal).then(({ run: { info } }) => [runItem(info)]) : [],
    /^\d{1,19}$/.test(text) ? get(mlflow + "experiments/get", { experiment_id: text }, signal).then(({ experiment }) => [experimentItem(experiment)]) : [],
    get(mlflow + "experiments/search", { max_results: each, filter: like ? "name " + like : null, order_by: "last_update_time DESC" }, signal)
      .then((answer) => (answer.experiments || []).map(experimentItem)),
    get(mlflow + "registered-models/search", { max_results: each, filter: like ? "name " + like : null }, signal)
      .then((answer) => (answer.registered_models || []).map(({ name }) => ({ name, kind: "model", href: modelAddress(name) }))),
    get(mlflow + "registered-models/search", { max_results: each, filter: prompts + (like ? " AND name " + like : "") }, signal)
      .then((answer) => (answer.registered_models || []).map(({ name }) => ({ name, kind: "prompt", href: promptAddress(name) }))),
    text ? runsOf(like, signal) : [],
  ];
  const answers = await Promise.allSettled(asked);
  const failed = answers.filter(({ status }) => status === "rejected");
  if (failed.length === answers.length) throw failed[0].reason;
  const items = answers.flatMap(({ value }) => value || []);
  const lower = text.toLowerCase();
  const rank = ({ name }) => name.toLowerCase().startsWith(lower) ? 0 : 1;
  return text ? items.sort((one, other) => rank(one) - rank(other)) : items;
}

/** Runs by name, in the experiments that changed last. */
async function runsOf(like, signal) {
  const recent = await get(mlflow + "experiments/search", { max_results: 1000, order_by: "last_update_time DESC" }, signal);
  const ids = (recent.experiments || []).map(({ experiment_id: id }) => id);
  const answer = await post(mlflow + "runs/search", { experiment_ids: ids, filter: "attributes.run_name " + like, max_results: each }, signal);
  return (answer.runs || []).map(({ info }) => runItem(info));
}

const runItem = (info) => ({ name: info.run_name || info.run_id, kind: `run, ${ago(info.start_time)}`, href: runAddress(info.experiment_id, info.run_id) });
const experimentItem = ({ name, experiment_id: id }) => ({ name, kind: `experiment ${id}`, href: experimentAddress(id) });
