/** The tags of something, to be read and edited; those that trackers write themselves are folded away. */

import { button, element, linked } from "../core/dom.js";
import { byKey } from "../core/format.js";
import { askFor } from "./ask.js";
import { attempt, toast } from "./toast.js";

/**
 * @param {object} options
 * @param {{key: string, value: string}[]} options.tags
 * @param {(key: string, value: string) => Promise} [options.set] Without it, tags are only shown.
 * @param {(key: string) => Promise} [options.remove]
 * @param {string} [options.title]
 * @returns {HTMLElement}
 */
export function tagSection({ tags, set, remove, title = "Tags" }) {
  let all = byKey(tags);
  const node = element("section", { "aria-label": title });
  const edit = (tag) => askFor(tag ? "Change tag" : "Add tag", [
    ...(tag ? [] : [{ name: "key", label: "Key", required: true }]), { name: "value", label: "Value", value: tag?.value, lines: 3, brief: true }], "Save",
  async ({ key = tag?.key, value }) => {
    await set(key, value);
    all = byKey([...all.filter((other) => other.key !== key), { key, value }]);
    draw();
  });
  const drop = (tag) => attempt(async () => {
    await remove(tag.key);
    all = all.filter((other) => other !== tag);
    draw();
    toast(`Removed the tag ${tag.key}.`, { undo: () => attempt(async () => {
      await set(tag.key, tag.value);
      all = byKey([...all, tag]);
      draw();
    }) });
  });
  const row = (tag) => element("tr", {}, element("th", { scope: "row", class: "key", dir: "auto" }, tag.key),
    element("td", {}, element("div", { class: "value", tabindex: tag.value.length > 600 ? 0 : null, dir: "auto" }, linked(tag.value))),
    set && element("td", { class: "short" }, button("Edit", () => edit(tag), { class: "quiet", "aria-label": "Edit " + tag.key }),
      remove && button("×", () => drop(tag), { class: "quiet", "aria-label": "Remove " + tag.key })));
  const table = (items) => element("div", { class: "scroll" }, element("table", { class: "pairs", "aria-label": title }, element("tbody", {}, items.map(row))));

  function draw() {
    const own = all.filter(({ key }) => !key.startsWith("mlflow."));
    const internal = all.filter(({ key }) => key.startsWith("mlflow."));
    node.replaceChildren(element("div", { class: "bar" }, element("h2", {}, title), set && button("Add", () => edit(null), { "aria-label": "Add a tag" })),
      own.length ? table(own) : element("p", { class: "soft" }, "None."),
      internal.length ? element("details", {}, element("summary", {}, `Written by MLflow (${internal.length})`), table(internal)) : "");
  }
  draw();
  return node;
}
