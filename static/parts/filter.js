/** The box for a filter; what it offers and says of a text is in `filter-help.js`, which is loaded when it is needed. */

import { element } from "../core/dom.js";
import { isFilter } from "./filter-text.js";

/**
 * @param {object} options
 * @param {string} options.value
 * @param {() => object} options.known Gives the keys that runs have: `{ metrics, params, tags }`.
 * @param {(text: string) => void} options.apply Called when the reader has finished.
 */
export function filterBox({ value, known, apply }) {
  const input = element("input", { type: "search", class: "filter", "aria-label": "Filter runs", role: "combobox", "aria-expanded": "false",
    "aria-autocomplete": "list", "aria-controls": "filter-options", "aria-describedby": "filter-note", autocomplete: "off", spellcheck: "false",
    autocapitalize: "off", placeholder: "Filter: part of a name, or metrics.f1 > 0.8 AND params.lr = '0.1'", dir: "auto" });
  input.value = value;
  const options = element("div", { id: "filter-options", class: "menu", role: "listbox", "aria-label": "Completions", hidden: true });
  const note = element("div", { id: "filter-note", class: "note", "aria-live": "polite" });
  const node = element("div", { class: "filterbox", role: "search" }, input, options, note);
  let applied = value;
  let completion = null;
  let told = 0;

  async function offer() {
    const { makeCompletion } = await import("./filter-help.js");
    completion ??= makeCompletion(input, options, known);
    if (document.activeElement === input) completion.offer();
  }

  function finish() {
    completion?.close();
    if (input.value.trim() === applied) return;
    applied = input.value.trim();
    apply(applied);
  }

  input.addEventListener("input", () => {
    offer();
    if (!input.value) finish();
  });
  input.addEventListener("focus", () => { if (!input.value) offer(); });
  input.addEventListener("click", offer);
  input.addEventListener("blur", finish);
  input.addEventListener("keydown", (event) => {
    if (completion?.takesKey(event)) {
      // It went through the completions, or took one.
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      offer();
    } else if (event.key === "Enter") {
      applied = applied === input.value.trim() ? null : applied;
      finish();
    } else if (event.key === "Escape") {
      if (input.value) {
        input.value = "";
        finish();
      } else input.blur();
    } else {
      return;
    }
    event.preventDefault();
  });

  /** Puts another word into the filter. */
  function replace(written, meant) {
    input.value = input.value.replace(written, () => meant);
    finish();
  }

  return {
    node,
    input,
    get value() {
      return applied;
    },
    set(text) {
      input.value = text;
      applied = text;
    },
    /** Shows how the text was taken, or why it was refused, with the part that the message names marked. */
    async tell(error) {
      const text = input.value.trim();
      const round = ++told;
      input.setAttribute("aria-invalid", String(Boolean(error)));
      if (!error && (!text || !isFilter(text))) {
        note.replaceChildren(text && element("span", { class: "soft" }, "Runs whose name contains ", element("bdi", {}, text)));
        return;
      }
      const { hint, refusal } = await import("./filter-help.js");
      if (round === told) note.replaceChildren(...(error ? refusal(input.value, error) : hint(text, known(), replace)));
    },
  };
}
