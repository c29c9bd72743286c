/** Who may do what with an experiment or a model, for those who manage it; changes are what clients before 3.10 call. */

import { apus, get, mlflow, post, send } from "../core/api.js";
import { button, element, name } from "../core/dom.js";
import { askFor } from "./ask.js";
import { attempt } from "./toast.js";

const levels = [["READ", "READ: see"], ["EDIT", "EDIT: change too"], ["MANAGE", "MANAGE: delete and grant too"], ["DENY", "Nothing at all"]];
const title = "Who may";

/** What the calls about a thing are called, and how they name it. */
const kinds = {
  experiment: { route: "experiments/permissions/", field: "experiment_id", type: "experiment", word: "experiment" },
  model: { route: "registered-models/permissions/", field: "name", type: "registered_model", word: "model" },
};

/** A section that asks who may when it is opened; empty where nobody is asked who they are. */
export function sharingSection(kind, id) {
  const place = element("div");
  if (document.querySelector('script[src$="core/account.js"]')) offer(place, kinds[kind], id);
  return place;
}

async function offer(place, kind, id) {
  const { account } = await import("../core/account.js");
  const who = await account;
  if (!who.has_users || !who.name) return;
  const content = element("div");
  const section = element("details", { "aria-label": title }, element("summary", {}, title), content);
  section.addEventListener("toggle", () => section.open && fill(content, kind, id));
  place.replaceChildren(section);
}

async function fill(place, kind, id) {
  const about = { [kind.field]: id };
  let grants, more;
  try {
    ({ grants, next_page_token: more } = await get(apus + "grants/list", { resource_type: kind.type, resource_id: id }));
  } catch (error) {
    place.replaceChildren(element("p", { class: "soft" }, error.status === 403 ? `Who manages this ${kind.word} sees and shares here who may do what with it.` : error.message));
    return;
  }
  const again = () => fill(place, kind, id);

  const share = () => attempt(async () => {
    const { users } = await get(mlflow + "users/list");
    const others = users.filter(({ username }) => !grants.some((grant) => grant.username === username));
    const done = await askFor(`Share this ${kind.word}`, [
      { name: "username", label: "User", options: others.map(({ username }) => [username, username]), value: others[0]?.username },
      { name: "permission", label: "How much", options: levels, value: "READ" },
    ], "Share", (values) => post(mlflow + kind.route + "create", { ...about, ...values }));
    if (done) again();
  });
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
  place.replaceChildren(element("section", { "aria-label": title },
    element("div", { class: "bar" }, button("Share…", share)),
    element("p", { class: "soft" }, `What users were granted alone for this ${kind.word}. Admins may do everything, and roles and the server's `
      + "--default-permission may allow more" + (more ? `; shown are the first ${grants.length} users by name.` : ".")),
    grants.length ? element("div", { class: "scroll list" }, element("table", { "aria-label": title }, element("tbody", {}, grants.map(row))))
      : element("p", { class: "soft" }, "Nothing is granted to a user alone.")));
}
