/** The box for a filter, with completion of keys and values, and the server's refusal shown at its place. */

import { button, element } from "../core/dom.js";
import { completions, isFilter, unknownKey } from "./filter-words.js";

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
  let found = { from: 0, options: [] };
  let chosen = -1;
  let applied = value;

  function close() {
    options.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function offer() {
    const text = input.value.slice(0, input.selectionStart);
    // Nobody who types a name is disturbed: keys are offered only once the text can be the beginning of one.
    found = completions(text, known());
    options.replaceChildren(...found.options.map((option, index) => element("div", {
      role: "option", id: "option-" + index, "aria-selected": "false", class: "option", dir: "auto",
      onpointerdown: (event) => { event.preventDefault(); take(index); } },
    element("span", {}, option.text), option.hint && element("span", { class: "soft" }, option.hint))));
    options.hidden = !found.options.length;
    chosen = -1;
    input.setAttribute("aria-expanded", String(!options.hidden));
    input.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    options.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = (index + found.options.length + 1) % (found.options.length + 1);
    if (chosen === found.options.length) chosen = -1;
    const option = options.children[chosen];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function take(index) {
    const { text } = found.options[index];
    const after = input.value.slice(input.selectionStart);
    const before = input.value.slice(0, found.from) + text + (text === "(" ? "" : " ");
    input.value = before + after.trimStart();
    input.setSelectionRange(before.length, before.length);
    offer();
  }

  function finish() {
    close();
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
    const open = !options.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!open) offer();
      else choose(chosen + (event.key === "ArrowDown" ? 1 : chosen < 0 ? found.options.length : -1));
    } else if ((event.key === "Enter" || event.key === "Tab") && open && chosen >= 0) {
      take(chosen);
    } else if (event.key === "Tab" && open && found.options.length && input.value.length > found.from && !event.shiftKey) {
      take(0);
    } else if (event.key === "Enter") {
      applied = applied === input.value.trim() ? null : applied;
      finish();
    } else if (event.key === "Escape") {
      if (open) close();
      else if (input.value) {
        input.value = "";
        finish();
      } else input.blur();
    } else {
      return;
    }
    event.preventDefault();
  });

  /** What is said of a filter whose key no run has. */
  function hint(text) {
    const unknown = text ? unknownKey(text, known()) : null;
    if (!unknown) return "";
    const { text: written, meant } = unknown;
    return element("span", { class: "soft" }, "No run has ", element("bdi", {}, written), ". ", meant && ["Did you mean ", button(meant, () => {
      input.value = input.value.replace(written, () => meant);
      finish();
    }, { class: "quiet tiny" }), "?"]);
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
    tell(error) {
      input.setAttribute("aria-invalid", String(Boolean(error)));
      if (!error) {
        const text = input.value.trim();
        note.replaceChildren(text && !isFilter(text) ? element("span", { class: "soft" }, "Runs whose name contains ", element("bdi", {}, text)) : hint(text));
        return;
      }
      note.replaceChildren(marked(input.value, error.message), element("div", { class: "error", dir: "auto" }, error.message));
    },
  };
}

/** The filter with the first part marked that a message quotes. */
function marked(text, message) {
  const quotes = [...message.matchAll(/'([^']+)'|"([^"]+)"|`([^`]+)`/g)].map(([, one, two, three]) => one || two || three);
  const part = quotes.find((quoted) => quoted.length < text.length && text.includes(quoted));
  if (!part) return "";
  const at = text.indexOf(part);
  return element("code", { dir: "auto" }, text.slice(0, at), element("mark", {}, part), text.slice(at + part.length));
}
