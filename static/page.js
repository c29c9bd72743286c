"use strict";

// Every address is relative, so that the page works below any path prefix. Data reaches the document as text only.

const api = "ajax-api/2.0/mlflow/";
const content = document.getElementById("content");
const itemsPerRun = 3;
const numeric = new Set(["Duration", "Latest", "Measured", "Step", "Version"]);

const address = (route, query) => route + "?" + new URLSearchParams(query);

/** The answer to a request; an error carries the server's message. */
async function ask(route, body) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(route, options);
  const text = await response.text();
  let answer = {};
  try {
    answer = JSON.parse(text);
  } catch {
    if (response.ok) throw new Error("The server's answer is not JSON.");
  }
  if (!response.ok) throw new Error(answer.message || response.status + " " + response.statusText);
  return answer;
}

/** An element with attributes and children; strings become text. */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "onclick" || key === "onsubmit" || key === "ontoggle") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const link = (href, text) => element("a", { href }, text);
const json = (href) => element("td", { class: "short" }, link(href, "JSON"));
const cell = (text, style) => element("td", style ? { class: style } : {}, text);

/** A table with its body, to which rows are added as they arrive. */
function table(caption, headings) {
  const body = element("tbody");
  const heads = headings.map((text) => element("th", { scope: "col", class: numeric.has(text) ? "number" : "" }, text));
  const head = element("thead", {}, element("tr", {}, ...heads));
  return { body, node: element("div", { class: "scroll" }, element("table", { "aria-label": caption }, head, body)) };
}

const facts = (pairs) => element("dl", { class: "facts" }, ...pairs
  .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));

function time(milliseconds) {
  const date = new Date(Number(milliseconds));
  return milliseconds && !Number.isNaN(date.getTime()) ? date.toLocaleString() : "";
}

function duration(start, end) {
  if (!start || !end) return "";
  const seconds = (Number(end) - Number(start)) / 1000;
  if (seconds < 60) return seconds.toFixed(seconds < 10 ? 2 : 1) + " s";
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? minutes + " min " + Math.round(seconds % 60) + " s"
    : Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
}

const number = (value) => typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value ?? "");

function size(bytes) {
  let value = Number(bytes);
  if (value < 1000) return value + " B";
  for (const unit of ["kB", "MB", "GB", "TB"]) {
    value /= 1000;
    if (value < 1000 || unit === "TB") return value.toFixed(1) + " " + unit;
  }
}

const byKey = (items) => [...(items || [])].sort((one, other) => one.key < other.key ? -1 : 1);
const experimentPage = (id) => "#/experiments/" + encodeURIComponent(id);
const runPage = (id, run) => experimentPage(id) + "/runs/" + encodeURIComponent(run);
const code = (text) => element("span", { class: "key" }, text);
const status = (value) => element("span", { class: "status " + value }, value);
const failure = (error) => element("p", { class: "error", role: "alert" }, error.message);

/** Loads page after page of a list: `fetchPage` gets the token and gives rows' makers and the next token. */
function paged(place, empty, fetchPage) {
  const button = element("button", { type: "button", class: "more", onclick: () => load() }, "Load more");
  let token = "";
  async function load() {
    button.disabled = true;
    try {
      const { count, next } = await fetchPage(token);
      token = next || "";
      if (token) place.append(button);
      else button.remove();
      if (!count && !token) place.append(element("p", { class: "soft" }, empty));
    } catch (error) {
      place.append(failure(error));
    }
    button.disabled = false;
  }
  return load();
}

async function showExperiments(place) {
  place.append(element("h1", {}, "Experiments"));
  const list = table("Experiments", ["Name", "Id", "Created", "Updated", ""]);
  place.append(list.node);
  await paged(place, "No experiments yet.", async (token) => {
    const answer = await ask(address(api + "experiments/search", { max_results: 100, page_token: token }));
    const experiments = answer.experiments || [];
    for (const experiment of experiments) {
      const id = experiment.experiment_id;
      list.body.append(element("tr", {},
        element("td", {}, link(experimentPage(id), experiment.name)), cell(id, "key"),
        cell(time(experiment.creation_time), "short"), cell(time(experiment.last_update_time), "short"),
        json(address(api + "experiments/get", { experiment_id: id }))));
    }
    return { count: experiments.length, next: answer.next_page_token };
  });
}

function runRow(run) {
  const { info, data } = run;
  const some = (items, format) => {
    const shown = byKey(items).slice(0, itemsPerRun)
      .map((item) => element("div", {}, element("span", { class: "key" }, item.key), " ", format(item.value)));
    const rest = (items || []).length - shown.length;
    if (rest > 0) shown.push(element("div", { class: "soft" }, "and " + rest + " more"));
    return element("td", {}, ...shown);
  };
  const short = (value) => value.length > 40 ? value.slice(0, 40) + "…" : value;
  return element("tr", {},
    element("td", {}, link(runPage(info.experiment_id, info.run_id), info.run_name || info.run_id)),
    element("td", {}, status(info.status)), cell(time(info.start_time), "short"),
    cell(duration(info.start_time, info.end_time), "number"),
    some(data.metrics, number), some(data.params, short),
    json(address(api + "runs/get", { run_id: info.run_id })));
}

async function showExperiment(place, id) {
  const { experiment } = await ask(address(api + "experiments/get", { experiment_id: id }));
  document.title = experiment.name + " · Apus";
  const input = element("input", { name: "filter", placeholder: "metrics.f1 > 0.8 AND tags.stage = 'hpo'",
    autocomplete: "off", spellcheck: "false" });
  const results = element("div");
  function search() {
    const list = table("Runs", ["Run", "Status", "Started", "Duration", "Metrics", "Params", ""]);
    results.replaceChildren(list.node);
    return paged(results, "No runs here.", async (token) => {
      const query = { experiment_ids: [id], filter: input.value, max_results: 50, page_token: token };
      const answer = await ask(api + "runs/search", query);
      const runs = answer.runs || [];
      list.body.append(...runs.map(runRow));
      return { count: runs.length, next: answer.next_page_token };
    });
  }
  const submit = (event) => {
    event.preventDefault();
    search();
  };
  place.append(element("h1", {}, experiment.name),
    facts([["Id", id], ["Stage", experiment.lifecycle_stage], ["Artifacts", experiment.artifact_location]]),
    element("form", { role: "search", onsubmit: submit }, element("label", {}, "Filter", input),
      element("button", {}, "Search")), results, experimentModels(id));
  await search();
}

/** A section with a table, or nothing when there are no items. */
function section(title, headings, items, row) {
  if (!items || !items.length) return [];
  const list = table(title, headings);
  list.body.append(...items.map(row));
  return [element("h2", {}, title), list.node];
}

/** The section of the params or the tags of something. */
const values = (title, items) => section(title, ["Key", "Value"], byKey(items), (item) => element("tr", {},
  cell(item.key, "key"), element("td", {}, element("div", { class: "value" }, item.value))));

/** Shows one folder of the artifacts of a run or a model; `source` knows the addresses of folders and files. */
async function listFiles(place, source, path) {
  const list = element("ul", { class: "files" });
  place.append(list);
  await paged(place, "No artifacts.", async (token) => {
    const query = { ...(path && { [source.path]: path }), ...(token && { page_token: token }) };
    const answer = await ask(source.folder(query));
    const files = answer.files || [];
    list.append(...files.map((file) => fileItem(source, file)));
    return { count: files.length, next: answer.next_page_token };
  });
}

function fileItem(source, file) {
  const name = file.path.split("/").pop();
  if (!file.is_dir) {
    return element("li", {}, link(source.file(file.path), name),
      element("span", { class: "soft" }, size(file.file_size || 0)));
  }
  const inside = element("div");
  let asked = false;
  const open = () => {
    if (!asked) listFiles(inside, source, file.path);
    asked = true;
  };
  return element("li", {}, element("details", { ontoggle: open }, element("summary", {}, name + "/"), inside));
}

const runFiles = (run) => ({
  path: "path",
  folder: (query) => address(api + "artifacts/list", { run_id: run, ...query }),
  file: (path) => address("get-artifact", { run_id: run, path }),
});

/** The datasets that a run read, and the models that it read and wrote. */
function runLinks({ info, inputs, outputs }) {
  const model = (use) => ({ model_id }) => element("tr", {}, cell(use, "short"),
    element("td", {}, link(loggedModelPage(info.experiment_id, model_id), code(model_id))));
  const read = (inputs?.model_inputs || []).map(model("read"));
  const written = (outputs?.model_outputs || []).map(model("written"));
  return [
    ...section("Datasets", ["Name", "Digest", "Context", "Source"], inputs?.dataset_inputs, ({ dataset, tags }) =>
      element("tr", {}, cell(dataset.name), cell(dataset.digest, "key"),
        cell((tags || []).find((tag) => tag.key === "mlflow.data.context")?.value || ""), cell(dataset.source_type))),
    ...section("Models", ["Use", "Model"], [...read, ...written], (row) => row),
  ];
}

async function showRun(place, run) {
  const answer = await ask(address(api + "runs/get", { run_id: run }));
  const { info, data } = answer.run;
  const history = (key) => address(api + "metrics/get-history", { run_id: run, metric_key: key });
  document.title = (info.run_name || run) + " · Apus";
  const files = element("div");
  place.append(element("p", {}, link(experimentPage(info.experiment_id), "← Experiment")),
    element("h1", {}, info.run_name || run),
    facts([["Status", status(info.status)], ["Started", time(info.start_time)],
      ["Duration", duration(info.start_time, info.end_time)], ["User", info.user_id || ""],
      ["Stage", info.lifecycle_stage], ["Run id", code(run)],
      ["Data", link(address(api + "runs/get", { run_id: run }), "JSON")]].filter(([, value]) => value)),
    ...section("Metrics", ["Key", "Latest", "Step", "Time", "History"], byKey(data.metrics), (metric) =>
      element("tr", {}, cell(metric.key, "key"), cell(number(metric.value), "number"),
        cell(String(metric.step ?? 0), "number"), cell(time(metric.timestamp), "short"), json(history(metric.key)))),
    ...values("Params", data.params), ...values("Tags", data.tags), ...runLinks(answer.run),
    element("h2", {}, "Artifacts"), files);
  await listFiles(files, runFiles(run), "");
}

/** The text of one part of an address; a lone percent sign stays as it is. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Shows what the address asks for; an answer that comes after the next click is dropped with its place. */
async function route() {
  const [, kind, id, part, item] = location.hash.replace(/\?.*$/, "").split("/").map(decoded);
  const place = element("div");
  content.replaceChildren(place);
  document.title = "Apus";
  try {
    if (kind === "experiments" && part === "runs" && item) await showRun(place, item);
    else if (kind === "experiments" && part === "models" && item) await showLoggedModel(place, item);
    else if (kind === "experiments" && id) await showExperiment(place, id);
    else if (kind === "runs" && id) await showRun(place, id);
    else if (kind === "models" && id) await showRegisteredModel(place, id);
    else if (kind === "models") await showRegisteredModels(place);
    else await showExperiments(place);
  } catch (error) {
    place.append(failure(error));
  }
}

async function greet() {
  const server = document.getElementById("server");
  try {
    const [version, info] = await Promise.all([
      fetch("version").then((response) => response.text()), ask("api/3.0/mlflow/server-info")]);
    const store = info.store_type ? " · " + info.store_type : "";
    server.textContent = "The server runs and speaks MLflow " + version.trim() + store;
  } catch {
    server.textContent = "The server does not answer.";
  }
}

document.getElementById("skip").onclick = (event) => {
  event.preventDefault();
  content.focus();
};
addEventListener("hashchange", route);
greet();
route();
