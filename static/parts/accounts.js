/** What the pages of users and roles share: their calls, and the table of what a role or a user is granted. */

import { account } from "../core/account.js";
import { get, mlflow, post, send } from "../core/api.js";
import { addressOf, path } from "../core/query.js";
import { button, element, failure, link, name } from "../core/dom.js";
import { askFor } from "./ask.js";
import { attempt, toast } from "./toast.js";

/** Where the calls about roles begin. */
export const mlflow3 = "ajax-api/3.0/mlflow/";

export const userAddress = (name) => addressOf(path("users", name));
export const roleAddress = (id) => addressOf(path("roles", id));

/** Whether a role holds what one user is granted alone. */
export const isOwn = (role) => role.name.startsWith("__user_");

/** The roles that admins have made. */
export const allRoles = async (signal) => (await get(mlflow3 + "roles/list", {}, signal)).roles.filter((role) => !isOwn(role));

/** Whether whoever uses the page may look after users; if not, the page says why. */
export async function mayManage(context) {
  const who = await account;
  if (who.is_admin && who.has_users) return true;
  context.title("Users and roles");
  context.add(element("h1", {}, "Users and roles"), who.has_users ? failure(new Error("Only admins look after users and roles."))
    : element("p", {}, "This server has no users. It has them when it is started with --app-name basic-auth."));
  return false;
}

/** Gives a role to a user. */
export const assign = (role, username) => post(mlflow3 + "roles/assign", { role_id: role, username });

/** Takes a role from a user, which can be undone; `changed` is called after each. */
export const unassign = (role, username, changed) => attempt(async () => {
  await send("DELETE", mlflow3 + "roles/unassign", { role_id: role.id, username });
  changed();
  toast(`${username} has the role ${role.name} no more.`, { undo: () => attempt(async () => {
    await assign(role.id, username);
    changed();
  }) });
});

/** A chip that leads to a user or a role, with a button that takes it away. */
export const chip = (href, label, remove) => element("span", { class: "chip" }, link(href, name(label)),
  remove && button("×", remove.run, { class: "quiet tiny", "aria-label": remove.label }));

/** A role or a list of users, or a word that there is none. */
export const chips = (all) => all.length ? element("p", { class: "chips" }, all) : element("p", { class: "soft" }, "None.");

/** The types of things in plain words; those that Apus does not serve are kept for scripts, and come last. */
const types = { experiment: "experiments", registered_model: "models", prompt: "prompts", run: "runs", logged_model: "logged models",
  registered_model_version: "versions of models", prompt_version: "versions of prompts", workspace: "workspace (everything)", trace: "traces",
  assessment: "assessments", scorer: "scorers", scorer_version: "versions of scorers", review_queue: "review queues", gateway_secret: "gateway secrets",
  gateway_endpoint: "gateway endpoints", gateway_model_definition: "gateway models", mcp_server: "MCP servers", mcp_server_version: "versions of MCP servers" };
const levels = { READ: "READ: see", USE: "USE: see and use", EDIT: "EDIT: change too", MANAGE: "MANAGE: delete and grant too", DENY: "DENY: nothing at all" };

/**
 * What is granted, to be read and changed.
 * @param {{title: string, grants: object[], add: (grant: object) => Promise, changed: () => void, ofRole: boolean}} options
 */
export function grantSection({ title, grants, add, changed, ofRole }) {
  const choices = Object.entries(types).filter(([type]) => ofRole || type !== "workspace")
    .map(([type, text]) => [type, idle.has(type) ? `${text} (not on this server: does nothing here)` : text]);
  const create = async () => {
    const done = await askFor("Grant something", [
      { name: "resource_type", label: "What", options: choices, value: "experiment" },
      { name: "resource_pattern", label: "Which", value: "*", required: true,
        hint: "The name or id of an experiment, the name of a model or prompt, or * for all. The other types take * alone." },
      { name: "permission", label: "How much", options: Object.entries(levels), value: "READ" },
    ], "Grant", async (values) => add({ ...values, resource_pattern: await patternOf(values.resource_type, values.resource_pattern) }));
    if (done) changed();
  };
  const remove = async (grant) => {
    const done = await askFor("Remove grant", [], "Remove", () => send("DELETE", mlflow3 + "roles/permissions/remove", { role_permission_id: grant.id }),
      { text: `${grant.permission} for ${words(grant)} is taken away.`, danger: true });
    if (done) changed();
  };
  const level = (grant) => {
    const known = grant.resource_type === "workspace" ? ["USE", "MANAGE"] : Object.keys(levels);
    const choice = element("select", { "aria-label": `How much is granted for ${words(grant)}`, onchange: () => attempt(async () => {
      try {
        await send("PATCH", mlflow3 + "roles/permissions/update", { role_permission_id: grant.id, permission: choice.value });
        toast(`Granted ${choice.value} for ${words(grant)}.`);
      } finally {
        changed();
      }
    }) }, known.map((one) => element("option", { value: one, selected: one === grant.permission }, levels[one])));
    return choice;
  };
  const row = (grant) => element("tr", {}, element("th", { scope: "row" }, types[grant.resource_type] || grant.resource_type),
    element("td", {}, grant.resource_pattern === "*" ? "All" : grant.resource_type === "experiment" ? experiment(grant.resource_pattern) : name(grant.resource_pattern)), element("td", {}, level(grant)),
    element("td", { class: "short" }, button("×", () => remove(grant), { class: "quiet", "aria-label": `Remove the grant for ${words(grant)}` })));
  return element("section", { "aria-label": title }, element("div", { class: "bar" }, element("h2", {}, title), button("Grant…", create)),
    grants.length ? element("div", { class: "scroll list" }, element("table", { "aria-label": title }, element("thead", {}, element("tr", {},
      ["What", "Which", "How much"].map((text) => element("th", { scope: "col" }, text)), element("td", {}))), element("tbody", {}, grants.map(row))))
      : element("p", { class: "soft" }, "Nothing is granted."));
}

/** Kinds that are granted for scripts of MLflow's, while no call here has to do with them. */
const idle = new Set(["trace", "assessment", "scorer", "scorer_version", "review_queue", "gateway_secret", "gateway_endpoint",
  "gateway_model_definition", "mcp_server", "mcp_server_version"]);

/** What a grant is for, as the calls want it: people know an experiment by its name, and a grant has its id. */
export async function patternOf(type, text) {
  const wanted = text.trim();
  if (wanted === "*") return wanted;
  if (type === "experiment") return experimentID(wanted);
  if (type === "registered_model" || type === "prompt") await found(get(mlflow + "registered-models/get", { name: wanted }), `There is no model or prompt “${wanted}”.`);
  return wanted;
}

/** A number is an id first; where no experiment has that id, it may be a name. */
async function experimentID(text) {
  const answer = /^[0-9]+$/.test(text) && (await get(mlflow + "experiments/get", { experiment_id: text }).catch(() => null));
  if (answer) return answer.experiment.experiment_id;
  const named = get(mlflow + "experiments/get-by-name", { experiment_name: text });
  return (await found(named, `There is no experiment “${text}”, neither by name nor by id.`)).experiment.experiment_id;
}

const found = (answer, missing) => answer.catch((error) => { throw error.status === 404 ? new Error(missing) : error; });

/** The name of an experiment with its id; the id alone until it is known, and where there is none. */
function experiment(id) {
  const shown = element("span", {}, id);
  get(mlflow + "experiments/get", { experiment_id: id }).then(({ experiment: { name: title } }) => shown.replaceChildren(name(title), ` (id ${id})`),
    (error) => error.status === 404 && shown.replaceChildren(`${id} (there is none: this grant does nothing)`));
  return shown;
}

const words = ({ resource_type: type, resource_pattern: pattern }) => pattern === "*" ? `all ${types[type] || type}` : `${pattern} (${types[type] || type})`;
