/** Jump: one box that finds any experiment, run or model by a part of its name or by its id. */

import { element, failure } from "../core/dom.js";
import { go } from "../core/router.js";
import { openDialog } from "./dialog.js";

/** Opens the box. */
export function openJump() {
  if (document.querySelector("dialog[open]")) return;
  const list = element("div", { id: "jump-list", role: "listbox", "aria-label": "Found" });
  const note = element("p", { class: "soft", role: "status" });
  const input = element("input", { type: "search", role: "combobox", "aria-label": "Name or id of an experiment, run or model", "aria-expanded": "true",
    "aria-controls": "jump-list", "aria-autocomplete": "list", placeholder: "Name or id", autocomplete: "off", spellcheck: "false", dir: "auto" });
  const dialog = openDialog("Jump to", element("div", { class: "jumpbox" }, input, list, note));
  let search = new AbortController();
  let timer;
  let items = [];
  let chosen = 0;
  let isStale = true;
  let isWanted = false;
  dialog.addEventListener("close", () => search.abort());

  function choose(index) {
    list.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = Math.min(Math.max(index, 0), items.length - 1);
    const option = list.children[chosen];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function take(index) {
    if (!items[index]) return;
    dialog.close();
    go(items[index].href);
  }

  async function find() {
    search.abort();
    search = new AbortController();
    const { signal } = search;
    const text = input.value.trim();
    try {
      // The box is there at once, so that no letter is lost; what it finds comes later in any case.
      const { found } = await import("./jump-find.js");
      items = await found(text, signal);
    } catch (error) {
      if (!signal.aborted) note.replaceChildren(failure(error));
      return;
    }
    // Another text was typed meanwhile and is looked for next.
    if (input.value.trim() !== text) return;
    list.replaceChildren(...items.map((item, index) => element("div", { role: "option", id: "jump-" + index, class: "option", "aria-selected": "false",
      onclick: () => take(index) }, element("bdi", { class: "line" }, item.name), element("span", { class: "soft" }, item.kind))));
    note.textContent = items.length ? "" : "Nothing is found.";
    choose(0);
    isStale = false;
    if (isWanted) take(chosen);
  }

  input.addEventListener("input", () => {
    isStale = true;
    isWanted = false;
    clearTimeout(timer);
    timer = setTimeout(find, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    // The list may still be that of an earlier text.
    else if (event.key === "Enter" && isStale) isWanted = true;
    else if (event.key === "Enter") take(chosen);
    else return;
    event.preventDefault();
  });
  input.focus();
  find();
}
