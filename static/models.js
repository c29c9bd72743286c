"use strict";

// The pages of logged models and of the model registry. What they are made of is in page.js, which is loaded after.

const loggedModelPage = (id, model) => experimentPage(id) + "/models/" + encodeURIComponent(model);
const registeredModelPage = (name) => "#/models/" + encodeURIComponent(name);
const shortRunLink = (run) => run ? link("#/runs/" + encodeURIComponent(run), code(run.slice(0, 8))) : "";
const modelStatus = (value) => element("span", { class: "status " + value }, value.replace("LOGGED_MODEL_", ""));

/** The models of an experiment, asked for when they are unfolded. */
function experimentModels(id) {
  const results = element("div");
  let asked = false;
  const open = () => {
    if (asked) return undefined;
    asked = true;
    const list = table("Models", ["Model", "Status", "Type", "Created", "Metrics", ""]);
    results.append(list.node);
    return paged(results, "No models here.", async (token) => {
      const query = { experiment_ids: [id], max_results: 50, page_token: token };
      const answer = await ask(api + "logged-models/search", query);
      const models = answer.models || [];
      list.body.append(...models.map(loggedModelRow));
      return { count: models.length, next: answer.next_page_token };
    });
  };
  return element("details", { ontoggle: open }, element("summary", {}, "Models"), results);
}

function loggedModelRow({ info, data }) {
  const metrics = byKey(data?.metrics).slice(0, itemsPerRun)
    .map((metric) => element("div", {}, code(metric.key), " ", number(metric.value)));
  return element("tr", {},
    element("td", {}, link(loggedModelPage(info.experiment_id, info.model_id), info.name || info.model_id)),
    element("td", {}, modelStatus(info.status)), cell(info.model_type || ""),
    cell(time(info.creation_timestamp_ms), "short"), element("td", {}, ...metrics),
    json(api + "logged-models/" + encodeURIComponent(info.model_id)));
}

const modelFiles = (model) => ({
  path: "artifact_directory_path",
  folder: (query) => address(api + "logged-models/" + encodeURIComponent(model) + "/artifacts/directories", query),
  file: (path) => address(api + "logged-models/" + encodeURIComponent(model) + "/artifacts/files",
    { artifact_file_path: path }),
});

const modelMetricRow = (metric) => element("tr", {},
  cell(metric.key, "key"), cell(number(metric.value), "number"), cell(String(metric.step ?? 0), "number"),
  cell(metric.dataset_name || ""), element("td", {}, shortRunLink(metric.run_id)));

async function showLoggedModel(place, model) {
  const route = api + "logged-models/" + encodeURIComponent(model);
  const { info, data } = (await ask(route)).model;
  document.title = info.name + " · Apus";
  const files = element("div");
  const source = info.source_run_id
    ? link(runPage(info.experiment_id, info.source_run_id), code(info.source_run_id)) : "";
  place.append(element("p", {}, link(experimentPage(info.experiment_id), "← Experiment")),
    element("h1", {}, info.name),
    facts([["Status", modelStatus(info.status)], ["Type", info.model_type || ""],
      ["Created", time(info.creation_timestamp_ms)], ["Run", source], ["Model id", code(model)],
      ["Data", link(route, "JSON")]].filter(([, value]) => value)),
    ...section("Metrics", ["Key", "Measured", "Step", "Dataset", "Run"], byKey(data?.metrics), modelMetricRow),
    ...values("Params", data?.params), ...values("Tags", info.tags), element("h2", {}, "Artifacts"), files);
  await listFiles(files, modelFiles(model), "");
}

async function showRegisteredModels(place) {
  place.append(element("h1", {}, "Registered models"));
  const list = table("Registered models", ["Name", "Version", "Aliases", "Created", "Updated", ""]);
  place.append(list.node);
  await paged(place, "No registered models yet.", async (token) => {
    const query = { max_results: 100, ...(token && { page_token: token }) };
    const answer = await ask(address(api + "registered-models/search", query));
    const models = answer.registered_models || [];
    for (const model of models) {
      const versions = (model.latest_versions || []).map((version) => Number(version.version));
      list.body.append(element("tr", {},
        element("td", {}, link(registeredModelPage(model.name), model.name)),
        cell(versions.length ? String(Math.max(...versions)) : "", "number"),
        cell((model.aliases || []).map(({ alias, version }) => alias + " → " + version).join(", ")),
        cell(time(model.creation_timestamp), "short"), cell(time(model.last_updated_timestamp), "short"),
        json(address(api + "registered-models/get", { name: model.name }))));
    }
    return { count: models.length, next: answer.next_page_token };
  });
}

/** A text as the filter language writes it, which has no escape: a name with both kinds of quotes cannot be said. */
const quoted = (text) => text.includes("'") ? '"' + text + '"' : "'" + text + "'";

function versionRow(version, aliases) {
  const route = api + "model-versions/get";
  const stage = version.current_stage === "None" ? "" : version.current_stage || "";
  return element("tr", {}, cell(version.version, "number"), cell(aliases.join(", ")), cell(stage),
    element("td", {}, shortRunLink(version.run_id)), cell(version.source || ""),
    cell(time(version.creation_timestamp), "short"),
    json(address(route, { name: version.name, version: version.version })));
}

async function showRegisteredModel(place, name) {
  const route = address(api + "registered-models/get", { name });
  const model = (await ask(route)).registered_model;
  document.title = model.name + " · Apus";
  const list = table("Versions", ["Version", "Aliases", "Stage", "Run", "Source", "Created", ""]);
  const versions = element("div", {}, list.node);
  const aliases = (version) => (model.aliases || []).filter((one) => one.version === version).map(({ alias }) => alias);
  place.append(element("p", {}, link("#/models", "← Models")), element("h1", {}, model.name),
    facts([["Description", model.description || ""], ["Created", time(model.creation_timestamp)],
      ["Updated", time(model.last_updated_timestamp)], ["Data", link(route, "JSON")]].filter(([, value]) => value)),
    ...values("Tags", model.tags), element("h2", {}, "Versions"), versions);
  await paged(versions, "No versions yet.", async (token) => {
    // A prompt's versions are found only when the filter speaks of its tag.
    const isPrompt = (model.tags || []).some(({ key, value }) => key === "mlflow.prompt.is_prompt" && value === "true");
    const filter = "name = " + quoted(model.name) + (isPrompt ? " AND tags.`mlflow.prompt.is_prompt` = 'true'" : "");
    const query = { filter, order_by: "version_number DESC", max_results: 100, ...(token && { page_token: token }) };
    const answer = await ask(address(api + "model-versions/search", query));
    const found = answer.model_versions || [];
    list.body.append(...found.map((version) => versionRow(version, aliases(version.version))));
    return { count: found.length, next: answer.next_page_token };
  });
}
