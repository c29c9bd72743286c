/** The users and their roles, for admins. */

import { get, mlflow } from "../core/api.js";
import { button, element, link, name } from "../core/dom.js";
import { count } from "../core/format.js";
import { allRoles, chip, isOwn, mayManage, roleAddress, userAddress } from "../parts/accounts.js";
import { pagedList, searchBox } from "../parts/list.js";
import { openMenu } from "../parts/menu.js";
import { setPassword } from "../parts/password.js";
import { createRole, deleteRole, renameRole } from "../parts/role-actions.js";
import { createUser, deleteUser, setAdmin } from "../parts/user-actions.js";

const views = { users: "Users", roles: "Roles" };
const step = 200;

export default async function page(context) {
  if (!await mayManage(context)) return;
  const { query } = context;
  const asked = query.get("view", "users");
  const view = Object.hasOwn(views, asked) ? asked : "users";
  const ofUsers = view === "users";
  context.title(views[view]);
  const place = element("div");
  context.add(element("div", { class: "bar title" }, element("h1", {}, "Users and roles"),
    element("nav", { class: "tabs space", "aria-label": "Views" }, Object.entries(views).map(([id, label]) => element("a",
      { href: id === "users" ? "#/users" : "#/roles", "aria-current": id === view ? "page" : null }, label))),
    searchBox(context, ofUsers ? "Search users" : "Search roles", show),
    ofUsers ? button("New user", () => createUser((made) => context.go(userAddress(made))), { class: "primary" })
      : button("New role", () => createRole((id) => context.go(roleAddress(id))), { class: "primary" })), place);
  let all;
  await load();

  async function load() {
    all = ofUsers ? (await get(mlflow + "users/list", {}, context.signal)).users : await allRoles(context.signal);
    await show();
  }

  function show() {
    const text = query.get("q").toLowerCase();
    const found = all.filter(({ username, name }) => (username ?? name).toLowerCase().includes(text));
    const list = pagedList({
      label: views[view], heads: ofUsers ? ["Name", "Rights", "Roles", ""] : ["Name", "Description", "Grants", ""],
      empty: ofUsers ? "No user has this in the name." : text ? "No role has this in its name." : "No roles yet.",
      fetchPage: (from = 0) => ({ items: found.slice(from, from + step), next: from + step < found.length ? from + step : undefined }),
      row: ofUsers ? userRow : roleRow,
    });
    place.replaceChildren(list.node);
    return list.load();
  }

  function userRow({ username, is_admin: isAdmin, roles }) {
    return [link(userAddress(username), name(username)), isAdmin ? "Admin" : element("span", { class: "soft" }, "User"),
      element("span", { class: "chips" }, roles.filter((role) => !isOwn(role)).map((role) => chip(roleAddress(role.id), role.name))),
      { node: more(username, () => [
        { label: "Roles and grants", run: () => context.go(userAddress(username)) },
        { label: "Set a password…", run: () => setPassword(username) },
        isAdmin ? { label: "Make no admin", run: () => setAdmin(username, false, load) } : { label: "Make an admin", run: () => setAdmin(username, true, load) },
        null,
        { label: "Delete…", danger: true, run: () => deleteUser(username, load) },
      ]), class: "short" }];
  }

  function roleRow(role) {
    return [link(roleAddress(role.id), name(role.name)),
      { node: element("div", { class: "line soft", dir: "auto" }, (role.description || "").split("\n")[0]), class: "wide" },
      count(role.permissions.length, "grant"),
      { node: more(role.name, () => [
        { label: "Grants and users", run: () => context.go(roleAddress(role.id)) },
        { label: "Rename…", run: () => renameRole(role, load) },
        null,
        { label: "Delete…", danger: true, run: () => deleteRole(role, load) },
      ]), class: "short" }];
  }
}

function more(label, items) {
  const made = button("⋯", () => openMenu(made, items()), { class: "quiet", "aria-label": "More about " + label, "aria-haspopup": "menu" });
  return made;
}
