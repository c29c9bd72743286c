/** Passwords: a user's own, and those that admins set. */

import { mlflow, send } from "../core/api.js";
import { logInAddress } from "../core/account.js";
import { askFor } from "./ask.js";
import { toast } from "./toast.js";

/** A field for a password that is new; it has to be typed once more. */
export const newPassword = [
  { name: "password", label: "New password", hint: "12 characters or more.",
    attributes: { type: "password", required: true, minlength: 12, autocomplete: "new-password" } },
  { name: "again", label: "The new password once more", attributes: { type: "password", required: true, autocomplete: "new-password" } },
];

/** Throws unless both fields say the same. */
export function requireSame({ password, again }) {
  if (password !== again) throw new Error("The two new passwords differ. Type the same one twice.");
}

/** Asks for the old and the new password of whoever uses the page. */
export async function changeOwnPassword(username) {
  const current = { name: "current", label: "Your password now", attributes: { type: "password", required: true, autocomplete: "current-password" } };
  const done = await askFor("Change your password", [current, ...newPassword], "Change", (values) => {
    requireSame(values);
    return send("PATCH", mlflow + "users/update-password", { username, password: values.password, current_password: values.current });
  }, { text: "All log-ins with the password that you have now end, this one too. Your tokens go on." });
  if (done) location.assign(logInAddress());
}

/** Asks an admin for the password that a user gets. */
export async function setPassword(username) {
  const done = await askFor(`Set the password of ${username}`, newPassword, "Set", (values) => {
    requireSame(values);
    return send("PATCH", mlflow + "users/update-password", { username, password: values.password });
  }, { text: "The log-ins and the tokens of this user end." });
  if (done) toast(`${username} has another password now.`);
}
