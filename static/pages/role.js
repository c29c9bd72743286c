/** A role: what it grants, and who has it, for admins. */

import { get, mlflow, post } from "../core/api.js";
import { button, element, link, name } from "../core/dom.js";
import { assign, chip, chips, grantSection, mayManage, mlflow3, unassign, userAddress } from "../parts/accounts.js";
import { askFor } from "../parts/ask.js";
import { deleteRole, renameRole } from "../parts/role-actions.js";

export default async function page(context) {
  if (!await mayManage(context)) return;
  const id = Number(context.params.id);
  const [{ role }, { users }] = await Promise.all([get(mlflow3 + "roles/get", { role_id: id }, context.signal),
    get(mlflow + "users/list", {}, context.signal)]);
  context.title(role.name);
  const holders = users.filter(({ roles }) => roles.some((one) => one.id === id));
  context.add(element("p", { class: "crumbs" }, link("#/roles", "Roles")),
    element("div", { class: "bar title" }, element("h1", {}, name(role.name)), element("span", { class: "space" }), button("Rename…", () => renameRole(role, context.reload)),
      button("Delete…", () => deleteRole(role, () => context.go("#/roles")))),
    role.description && element("p", { dir: "auto" }, role.description),
    grantSection({ title: "Grants", grants: role.permissions, changed: context.reload, ofRole: true,
      add: (grant) => post(mlflow3 + "roles/permissions/add", { role_id: id, ...grant }) }),
    element("section", { "aria-label": "Users" }, element("div", { class: "bar" }, element("h2", {}, "Users"), button("Give to a user…", give)),
      chips(holders.map(({ username }) => chip(userAddress(username), username,
        { label: `Take the role from ${username}`, run: () => unassign(role, username, context.reload) })))));

  async function give() {
    const done = await askFor("Give to a user", [{ name: "username", label: "Name of the user", required: true, attributes: { autocapitalize: "none" } }], "Give",
      ({ username }) => assign(id, username.trim()));
    if (done) context.reload();
  }
}
