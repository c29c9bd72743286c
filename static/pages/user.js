/** A user: the roles and what was granted to that one alone, for admins. */

import { get, mlflow, post } from "../core/api.js";
import { button, element, link, name } from "../core/dom.js";
import { allRoles, assign, chip, chips, grantSection, isOwn, mayManage, mlflow3, roleAddress, unassign } from "../parts/accounts.js";
import { askFor } from "../parts/ask.js";
import { setPassword } from "../parts/password.js";
import { deleteUser, setAdmin } from "../parts/user-actions.js";

export default async function page(context) {
  const username = context.params.name;
  if (!await mayManage(context)) return;
  context.title(username);
  const [{ user }, { roles }] = await Promise.all([get(mlflow + "users/get", { username }, context.signal),
    get(mlflow3 + "users/roles/list", { username }, context.signal)]);
  const held = roles.filter((role) => !isOwn(role));
  context.add(element("p", { class: "crumbs" }, link("#/users", "Users")),
    element("div", { class: "bar title" }, element("h1", {}, name(username)), element("span", { class: "space" }), button("Set a password…", () => setPassword(username)),
      button(user.is_admin ? "Make no admin" : "Make an admin", () => setAdmin(username, !user.is_admin, context.reload)),
      button("Delete…", () => deleteUser(username, () => context.go("#/users")))),
    element("p", {}, user.is_admin ? "This user is an admin and may do everything; roles and grants count when that ends."
      : "This user may do what the roles and grants below allow, and what all users may do with everything (--default-permission)."),
    element("section", { "aria-label": "Roles" }, element("div", { class: "bar" }, element("h2", {}, "Roles"), button("Give a role…", give)),
      chips(held.map((role) => chip(roleAddress(role.id), role.name,
        { label: `Take the role ${role.name}`, run: () => unassign(role, username, context.reload) })))),
    grantSection({ title: "Granted to this user alone", grants: roles.filter(isOwn).flatMap(({ permissions }) => permissions),
      changed: context.reload, ofRole: false,
      add: ({ resource_type: type, resource_pattern: pattern, permission }) => post(mlflow3 + "users/permissions/grant",
        { username, resource_type: type, resource_id: pattern, permission }) }));

  async function give() {
    const others = (await allRoles(context.signal)).filter(({ id }) => !held.some((role) => role.id === id));
    const done = others.length
      ? await askFor("Give a role", [{ name: "role", label: "Role", options: others.map(({ id, name }) => [id, name]), value: String(others[0].id) }], "Give",
        ({ role }) => assign(Number(role), username))
      : await askFor("Give a role", [], "Open the roles", async () => context.go("#/roles"), { text: "There is no role that this user has not." });
    if (done && others.length) context.reload();
  }
}
