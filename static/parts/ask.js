/** A dialog that asks for values. */

import { button, element, failure } from "../core/dom.js";
import { openDialog } from "./dialog.js";

/**
 * Asks for values and does something with them; a failure is shown in the dialog, which stays open.
 * @param {string} title
 * @param {{name: string, label: string, value?: string, lines?: number, brief?: boolean, required?: boolean, hint?: string,
 *   options?: string[][], attributes?: object}[]} fields A field with `options` is a choice of pairs of a value and its words.
 *   Enter saves from a field of one line and from a `brief` one, where Shift+Enter makes a new line; Ctrl+Enter saves from any.
 * @param {string} action The label of the button.
 * @param {(values: Object<string, string>) => Promise<void>} work
 * @param {{text?: string, danger?: boolean}} [options]
 * @returns {Promise<boolean>} Whether it was done.
 */
export function askFor(title, fields, action, work, { text, danger } = {}) {
  return new Promise((resolve) => {
    let done = false;
    const place = element("div");
    const submit = element("button", { class: danger ? "danger" : "primary" }, action);
    const form = element("form", { class: "fields", onsubmit: act },
      text && element("p", { dir: "auto" }, text), fields.map(field), place,
      element("div", { class: "actions" }, button("Cancel", () => dialog.close()), submit));
    const dialog = openDialog(title, form);
    const first = form.querySelector("input, select, textarea");
    first?.focus();
    first?.select?.();
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.tagName !== "TEXTAREA" || event.isComposing) return;
      if (!event.ctrlKey && !event.metaKey && (event.shiftKey || !("brief" in event.target.dataset))) return;
      event.preventDefault();
      form.requestSubmit();
    });
    dialog.addEventListener("close", () => resolve(done));

    async function act(event) {
      event.preventDefault();
      submit.disabled = true;
      try {
        await work(Object.fromEntries(new FormData(form)));
        done = true;
        dialog.close();
      } catch (error) {
        place.replaceChildren(failure(error));
        submit.disabled = false;
      }
    }
  });
}

function field({ name, label, value = "", lines, brief, required, hint, options, attributes: others }) {
  const attributes = { name, required, dir: "auto", autocomplete: "off", spellcheck: lines ? "true" : "false", ...others };
  const input = options ? element("select", { name }, options.map(([value, words]) => element("option", { value }, words)))
    : lines ? element("textarea", { ...attributes, rows: lines, "data-brief": brief }) : element("input", attributes);
  input.value = value;
  return element("label", {}, label, input, hint && element("small", {}, hint));
}
