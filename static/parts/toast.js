/** Short messages at the edge of the window: what was done, with an offer to undo it, or what failed. */

import { button, element } from "../core/dom.js";

/**
 * Shows a message for some seconds; it stays while the pointer or the focus is on it.
 * @param {string} text
 * @param {{undo?: () => void, failed?: boolean}} [options]
 */
export function toast(text, { undo, failed } = {}) {
  const place = document.getElementById("toasts");
  const node = element("div", { class: failed ? "toast failed" : "toast", dir: "auto" }, element("span", {}, text),
    undo && button("Undo", () => { node.remove(); undo(); }),
    button("×", () => node.remove(), { class: "quiet", "aria-label": "Dismiss" }));
  place.append(node);
  const leave = () => node.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : node.remove();
  setTimeout(leave, failed ? 12000 : 7000);
}

/** Does something and says what failed. @returns {Promise<boolean>} Whether it was done. */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (error.name !== "AbortError") toast(error.message, { failed: true });
    return false;
  }
}
