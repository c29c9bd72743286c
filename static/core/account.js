/**
 * Says in the head of the pages who uses them, and that a log-in has ended. The page of a server that asks who its users are
 * has a script of its own for this; elsewhere nothing is loaded or asked.
 */

import { address, apus, fetchAnswer, get, onUnknown } from "./api.js";
import { button, element, name } from "./dom.js";
import { go } from "./router.js";
import { openMenu } from "../parts/menu.js";
import { attempt } from "../parts/toast.js";

/** Who uses this page: `name` (none where nobody is asked), `kind`, `is_admin`, `has_users`, `has_password`, `can_log_out`. */
export const account = get(apus + "log-in");

/** Whether somebody may look after tokens: admins, and users after their own. */
export const hasTokens = (who) => who.is_admin || who.kind === "user";

/** The log-in, which leads back to what is shown. */
export const logInAddress = () => address("login", { next: "/" + location.search + location.hash });

let banner = null;
onUnknown(tellEnd);
account.then(show, () => {
  // Whoever the page is about gets the failure.
});
// A log-in in another window counts in this one.
addEventListener("focus", () => { if (banner) get(apus + "log-in").then(goOn, () => {}); });
// What Back brings back may be of somebody who has logged out since.
addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload(); });

function show(who) {
  if (!who.name) return;
  const items = [
    hasTokens(who) && { label: who.is_admin ? "Tokens" : "Your tokens", run: () => go("#/tokens") },
    who.is_admin && who.has_users && { label: "Users and roles", run: () => go("#/users") },
    who.has_password && { label: "Change your password…", run: changePassword },
    who.can_log_out && { label: "Log out", run: logOut },
  ].filter(Boolean);
  const about = { class: "quiet account", title: `You are ${who.name}.` };
  const made = items.length ? button("", () => openMenu(made, items), { ...about, "aria-haspopup": "menu", "aria-label": `${who.name}: your account` })
    : element("span", { ...about, class: "soft" });
  made.append(name(who.name));
  document.getElementById("keys").before(made);

  async function changePassword() {
    const { changeOwnPassword } = await import("../parts/password.js");
    changeOwnPassword(who.name);
  }
}

async function logOut() {
  if (await attempt(() => fetchAnswer("POST", "logout"))) location.assign(address("login"));
}

/** Says it where it can be reached: a dialog that is open makes all else rest. */
function tellEnd(error) {
  error.message = "Your log-in has ended, so that the server does not know who asks.";
  banner ??= element("p", { class: "banner", role: "alert" }, "Your log-in has ended. ",
    element("a", { href: logInAddress(), onclick: ({ currentTarget: at }) => { at.href = logInAddress(); } }, "Log in again"), " to go on here.");
  place();
}

function place() {
  if (!banner) return;
  const dialog = document.querySelector("dialog[open]");
  if (dialog) dialog.append(banner);
  else document.querySelector("header").after(banner);
  dialog?.addEventListener("close", place, { once: true });
}

function goOn() {
  banner?.remove();
  banner = null;
  // What somebody is writing stays.
  if (!document.querySelector("dialog[open]")) location.reload();
}
