/** The help of the box for a filter: completions of keys and values, and what is said of a text that finds nothing. */

import { button, element } from "../core/dom.js";
import { completions, unknownKey } from "./filter-words.js";

/**
 * The completions of a box.
 * @param {HTMLInputElement} input
 * @param {HTMLElement} options Their list.
 * @param {() => object} known Gives the keys that runs have.
 */
export function makeCompletion(input, options, known) {
  let found = { from: 0, options: [] };
  let chosen = -1;

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

  /** Does what a key does while completions are shown, and says whether it did something. */
  function takesKey({ key, shiftKey }) {
    if (options.hidden) return false;
    if (key === "ArrowDown") choose(chosen + 1);
    else if (key === "ArrowUp") choose(chosen < 0 ? found.options.length - 1 : chosen - 1);
    else if ((key === "Enter" || key === "Tab") && chosen >= 0) take(chosen);
    else if (key === "Tab" && found.options.length && input.value.length > found.from && !shiftKey) take(0);
    else if (key === "Escape") close();
    else return false;
    return true;
  }

  return { close, offer, takesKey };
}

/** What is said of a filter whose key no run has; `replace` puts in the key that was meant. */
export function hint(text, known, replace) {
  const unknown = unknownKey(text, known);
  if (!unknown) return [];
  const { text: written, meant } = unknown;
  return [element("span", { class: "soft" }, "No run has ", element("bdi", {}, written), ". ",
    meant && ["Did you mean ", button(meant, () => replace(written, meant), { class: "quiet tiny" }), "?"])];
}

/** Why a filter was refused, with the first part of it marked that the message quotes. */
export function refusal(text, { message }) {
  return [marked(text, message), element("div", { class: "error", dir: "auto" }, message)];
}

function marked(text, message) {
  const quotes = [...message.matchAll(/'([^']+)'|"([^"]+)"|`([^`]+)`/g)].map(([, one, two, three]) => one || two || three);
  const part = quotes.find((quoted) => quoted.length < text.length && text.includes(quoted));
  if (!part) return "";
  const at = text.indexOf(part);
  return element("code", { dir: "auto" }, text.slice(0, at), element("mark", {}, part), text.slice(at + part.length));
}
