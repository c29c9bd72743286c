/** Who may do what with an experiment or a model, for those who manage it: the section calls what clients before 3.10 call. */

import { get, mlflow, post, send } from "../core/api.js";
import { button, element, name } from "../core/dom.js";
import { askFor } from "./dialog.js";

const levels = [["READ", "READ: see"], ["EDIT", "EDIT: change too"], ["MANAGE", "MANAGE: delete and grant too"], ["NO_PERMISSIONS", "Nothing at all"]];
/** A user is asked for by one call each. */
const mostUsers = 200;

/** What the calls about a thing are called, and how they name it. */
const kinds = {
  experiment: { route: "experiments/permissions/", field: "experiment_id", member: "experiment_permission", word: "experiment" },
  model: { route: "registered-models/permissions/", field: "name", member: "registered_model_permission", word: "model" },
};

/** A place for the section; it stays empty where nobody is asked who they are, and for those who may not grant. */
export function sharingSection(kind, id) {
  const place = element("div");
  if (document.querySelector('script[src$="core/account.js"]')) fill(place, kinds[kind], id);
  return place;
}

async function fill(place, kind, id) {
  const about = { [kind.field]: id };
  const grantOf = (username) => get(mlflow + kind.route + "get", { ...about, username }).then((answer) => answer[kind.member].permission);
  let users;
  try {
    const { account } = await import("../core/account.js");
    const who = await account;
    if (!who.has_users || !who.name) return;
    // Who may not grant is refused; who may, and was granted nothing alone, is told that there is no such grant.
    await grantOf(who.name).catch((error) => { if (error.status !== 404) throw error; });
    ({ users } = await get(mlflow + "users/list"));
  } catch {
    return;
  }
  const asked = users.slice(0, mostUsers);
  const found = await Promise.all(asked.map(({ username }) => grantOf(username).then((permission) => ({ username, permission }), () => null)));
  const grants = found.filter(Boolean);
  const again = () => fill(place, kind, id);

  const share = async () => {
    const others = users.filter(({ username }) => !grants.some((grant) => grant.username === username));
    const done = await askFor(`Share this ${kind.word}`, [
      { name: "username", label: "User", options: others.map(({ username }) => [username, username]), value: others[0]?.username },
      { name: "permission", label: "How much", options: levels, value: "READ" },
    ], "Share", (values) => post(mlflow + kind.route + "create", { ...about, ...values }));
    if (done) again();
  };
  const change = async ({ username, permission }) => {
    const done = await askFor(`Change what ${username} may`, [{ name: "permission", label: "How much", options: levels, value: permission }], "Save",
      (values) => send("PATCH", mlflow + kind.route + "update", { ...about, username, ...values }));
    if (done) again();
  };
  const remove = async ({ username }) => {
    const done = await askFor("Remove grant", [], "Remove", () => send("DELETE", mlflow + kind.route + "delete", { ...about, username }),
      { text: `What ${username} was granted alone for this ${kind.word} is taken away.`, danger: true });
    if (done) again();
  };
  const row = (grant) => element("tr", {}, element("th", { scope: "row" }, name(grant.username)),
    element("td", {}, levels.find(([level]) => level === grant.permission)?.[1] || grant.permission),
    element("td", { class: "short" }, button("Change…", () => change(grant), { "aria-label": `Change what ${grant.username} may` }),
      button("×", () => remove(grant), { class: "quiet", "aria-label": `Remove what ${grant.username} may` })));
  const title = "Who may";
  place.replaceChildren(element("section", { "aria-label": title },
    element("div", { class: "bar" }, element("h2", {}, title), users.length > grants.length && button("Share…", share)),
    element("p", { class: "soft" }, `What users were granted alone for this ${kind.word}. Admins may do everything, and roles and the server's `
      + "--default-permission may allow more" + (users.length > mostUsers ? `; shown are the first ${mostUsers} users by name.` : ".")),
    grants.length ? element("div", { class: "scroll list" }, element("table", { "aria-label": title }, element("tbody", {}, grants.map(row))))
      : element("p", { class: "soft" }, "Nothing is granted to a user alone.")));
}
