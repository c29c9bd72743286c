/** What an admin can do with a user. `after` is called when it is done. */

import { mlflow, post, send } from "../core/api.js";
import { askFor } from "./ask.js";
import { newPassword, requireSame } from "./password.js";
import { attempt, toast } from "./toast.js";

/** Asks for a name and a password and makes a user; `after` gets the name. */
export async function createUser(after) {
  let made;
  const done = await askFor("New user", [
    { name: "username", label: "Name", required: true, attributes: { autocapitalize: "none" } }, ...newPassword,
    { name: "rights", label: "Rights", options: [["", "What roles and grants allow"], ["admin", "Admin: everything"]] }], "Create", async (values) => {
    requireSame(values);
    // After a failure of the second call, the first one must not be made again.
    if (made !== values.username) await post(mlflow + "users/create", { username: values.username, password: values.password });
    made = values.username;
    if (values.rights) await send("PATCH", mlflow + "users/update-admin", { username: made, is_admin: true });
  }, { text: "Tell the user the password, who changes it after the log-in." });
  if (done) after(made);
}

/** Makes a user an admin, or takes that back. */
export const setAdmin = (username, isAdmin, after) => attempt(async () => {
  await send("PATCH", mlflow + "users/update-admin", { username, is_admin: isAdmin });
  after();
  toast(isAdmin ? `${username} is an admin now.` : `${username} is no admin any more.`, { undo: () => setAdmin(username, !isAdmin, after) });
});

/** Deletes a user after a question. */
export async function deleteUser(username, after) {
  const done = await askFor("Delete user", [], "Delete", () => send("DELETE", mlflow + "users/delete", { username }),
    { text: `“${username}” cannot log in any more, and the tokens and grants of this user go as well. Runs and models stay.`, danger: true });
  if (!done) return;
  after();
  toast(`Deleted the user ${username}.`);
}
