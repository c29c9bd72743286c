/** A prompt: the text of each version, and how versions differ. */

import { address, get, mlflow, post, send } from "../core/api.js";
import { element, facts, link, name } from "../core/dom.js";
import { everything } from "../core/everything.js";
import { timeNode } from "../core/format.js";
import { diffView } from "../parts/diff.js";
import { aliasChips, aliasesOf, modelTags, versionFilter } from "../parts/registry.js";
import { tagSection } from "../parts/tags.js";

const textKey = "mlflow.prompt.text";

export default async function page(context) {
  const { query, signal } = context;
  const { registered_model: prompt } = await get(mlflow + "registered-models/get", { name: context.params.name }, signal);
  context.title(prompt.name);
  const versions = await everything((token) => get(mlflow + "model-versions/search", { filter: versionFilter(prompt), order_by: "version_number DESC",
    max_results: 1000, page_token: token }, signal), "model_versions");
  const shown = versions.find(({ version }) => version === query.get("version")) || versions[0];
  const other = versions.find(({ version }) => version === query.get("with"));
  context.add(element("p", { class: "crumbs" }, link("#/prompts", "Prompts")), element("h1", {}, name(prompt.name)),
    prompt.description ? element("p", { dir: "auto" }, prompt.description) : null,
    facts([["Created", timeNode(prompt.creation_timestamp)], ["Changed", timeNode(prompt.last_updated_timestamp)],
      ["Data", link(address(mlflow + "registered-models/get", { name: prompt.name }), "JSON")]]),
    shown ? element("div", { class: "beside" }, versionList(context, prompt, versions, shown), versionView(context, shown, other, versions))
      : element("p", { class: "soft" }, "No versions yet."),
    modelTags(prompt));
}

const textOf = (version) => {
  const text = (version.tags || []).find(({ key }) => key === textKey)?.value ?? "";
  const messages = chatOf(text);
  return messages ? messages.map(({ role, content }) => `${role}:\n${content}`).join("\n\n") : text;
};

/** The messages of a chat prompt, or null. */
function chatOf(text) {
  try {
    const read = JSON.parse(text);
    return Array.isArray(read) && read.length && read.every((one) => typeof one?.role === "string" && typeof one.content === "string") ? read : null;
  } catch {
    return null;
  }
}

const versionList = (context, prompt, versions, shown) => element("nav", { "aria-label": "Versions", class: "versions" }, versions.map((version) =>
  element("div", {}, element("a", { href: context.query.address({ version: version.version, with: null }), "aria-current": version === shown ? "page" : null },
    "Version " + version.version, " ", element("span", { class: "soft" }, timeNode(version.creation_timestamp))),
  aliasChips(prompt.name, version.version, aliasesOf(prompt, version.version), context.reload),
  version.description ? element("div", { class: "line soft", dir: "auto" }, version.description) : null)));

function versionView(context, shown, other, versions) {
  const choice = element("select", { "aria-label": "Compare with", onchange: () => context.go(context.query.address({ with: choice.value || null })) },
    element("option", { value: "" }, "Compare with…"), versions.filter((version) => version !== shown)
      .map(({ version }) => element("option", { value: version, selected: version === other?.version }, "Version " + version)));
  const text = textOf(shown);
  const tags = (shown.tags || []).filter(({ key }) => ![textKey, "mlflow.prompt.is_prompt"].includes(key));
  return element("section", { "aria-label": "Version " + shown.version },
    element("div", { class: "bar" }, element("h2", {}, "Version " + shown.version + (other ? `, changed since version ${other.version}` : "")),
      versions.length > 1 ? choice : null),
    other ? diffView(textOf(other), text) : element("pre", { class: "prompt", tabindex: 0, dir: "auto" }, marked(text)),
    tagSection({ title: "Tags of this version", tags,
      set: (key, value) => post(mlflow + "model-versions/set-tag", { name: shown.name, version: shown.version, key, value }),
      remove: (key) => send("DELETE", mlflow + "model-versions/delete-tag", { name: shown.name, version: shown.version, key }) }));
}

/** A template with its variables marked. */
const marked = (text) => text.split(/(\{\{[^{}]*\}\})/).map((part, index) => index % 2 ? element("strong", { class: "variable" }, part) : part);
