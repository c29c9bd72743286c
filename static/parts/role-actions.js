/** What an admin can do with a role. `after` is called when it is done. */

import { post, send } from "../core/api.js";
import { mlflow3 } from "./accounts.js";
import { askFor } from "./ask.js";
import { toast } from "./toast.js";

const fields = ({ name, description } = {}) => [{ name: "name", label: "Name", value: name, required: true },
  { name: "description", label: "Description", value: description || "", lines: 2, brief: true }];

/** Asks for a name and makes a role; `after` gets its id. */
export async function createRole(after) {
  let id;
  const done = await askFor("New role", fields(), "Create", async (values) => {
    ({ role: { id } } = await post(mlflow3 + "roles/create", { ...values, workspace: "default" }));
  });
  if (done) after(id);
}

/** Asks for another name and description. */
export async function renameRole(role, after) {
  const done = await askFor("Rename role", fields(role), "Save", (values) => send("PATCH", mlflow3 + "roles/update", { role_id: role.id, ...values }));
  if (done) after();
}

/** Deletes a role after a question. */
export async function deleteRole(role, after) {
  const done = await askFor("Delete role", [], "Delete", () => send("DELETE", mlflow3 + "roles/delete", { role_id: role.id }),
    { text: `Whoever has the role “${role.name}” loses what it allows. It cannot be brought back.`, danger: true });
  if (!done) return;
  after();
  toast(`Deleted the role ${role.name}.`);
}
