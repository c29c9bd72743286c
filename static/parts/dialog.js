/** Dialogs: the browser's own `dialog`, which holds the focus and closes by Escape. */

import { button, element } from "../core/dom.js";

/**
 * Opens a dialog with a title and any content.
 * @param {string} title
 * @param {Node} content
 * @returns {HTMLDialogElement} It is removed when it closes.
 */
export function openDialog(title, content) {
  const heading = element("h2", { id: "dialog-title", dir: "auto" }, title);
  const close = button("×", () => dialog.close(), { class: "quiet close", "aria-label": "Close" });
  const dialog = element("dialog", { "aria-labelledby": "dialog-title" }, element("div", { class: "bar" }, heading, close), content);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  addEventListener("hashchange", () => dialog.close(), { once: true });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
