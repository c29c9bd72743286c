/** The list of the keyboard commands, and what the server says of itself. */

import { address } from "../core/api.js";
import { element, link } from "../core/dom.js";
import { openDialog } from "./dialog.js";
import { bound, metaKey } from "./keyboard.js";

/** Lists the commands that work now. */
export function showKeys() {
  if (document.querySelector("dialog[open]")) return;
  const rows = [...bound].filter(({ label }) => label).map(({ key, label, meta }) => element("div", {},
    element("dt", {}, meta ? element("kbd", {}, metaKey) : null,
      element("kbd", {}, key === " " ? "Space" : key === "Escape" ? "Esc" : key.length === 1 && meta ? key.toUpperCase() : key)),
    element("dd", {}, label)));
  const server = ["health", "version", "metrics", "api/3.0/mlflow/server-info"].map((route) => [link(address(route), route.split("/").at(-1)), " "]);
  openDialog("Keyboard", element("div", {}, element("dl", { class: "keys" }, rows), element("p", { class: "soft" }, "Of the server: ", server)));
}
