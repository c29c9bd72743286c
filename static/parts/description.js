/** A note or description in Markdown, shown and edited in place. */

import { button, element } from "../core/dom.js";
import { askFor } from "./ask.js";
import { markdown } from "./markdown.js";

/**
 * @param {{title: string, text: string, save?: (text: string) => Promise}} options
 * @returns {HTMLElement}
 */
export function descriptionSection({ title, text, save }) {
  const node = element("section", { "aria-label": title });
  const edit = () => askFor(title, [{ name: "text", label: "Markdown", value: text, lines: 14 }], "Save", async ({ text: changed }) => {
    await save(changed);
    text = changed;
    draw();
  });
  function draw() {
    node.replaceChildren(element("div", { class: "bar" }, element("h2", {}, title),
      save && button(text ? "Edit" : "Write", edit, { "aria-label": "Edit: " + title })),
    text ? element("div", { class: "note-text", dir: "auto" }, markdown(text)) : element("p", { class: "soft" }, "None."));
  }
  draw();
  return node;
}
