/** The dialog in which the columns of a table are chosen and put in order. */

import { button, element } from "../core/dom.js";
import { attributes, isInternal, metricColumn, readColumn, valueWord } from "./table-columns.js";
import { openDialog } from "./dialog.js";

const shownAtMost = 200;

/**
 * @param {object} options
 * @param {string[]} options.chosen The ids of the columns now.
 * @param {{metrics: object[], params: object[], tags: object[]}} options.known
 * @param {(ids: string[]|null) => void} options.change Called at every change; null stands for the default.
 * @param {() => string[]} options.defaults
 */
export function openChooser({ chosen, known, change, defaults }) {
  let ids = [...chosen];
  const search = element("input", { type: "search", placeholder: "Find a metric, param or tag", "aria-label": "Find a column", oninput: () => drawKeys() });
  const order = element("ol", { class: "chosen", "aria-label": "Chosen columns" });
  const keys = element("div", { class: "choices", tabindex: 0, role: "group", "aria-label": "Columns to choose from" });
  const reset = button("Those that differ", () => {
    ids = defaults();
    change(null);
    drawOrder();
    drawKeys();
  });
  openDialog("Columns", element("div", { class: "chooser" }, element("div", {}, element("h3", {}, "Shown, in this order"), order,
    element("div", { class: "bar" }, reset, button("None", () => set([])))), element("div", {}, search, keys))).classList.add("wide");
  drawOrder();
  drawKeys();

  function set(next) {
    ids = next;
    change(ids);
    drawOrder();
    drawKeys();
  }

  function move(index, by) {
    const next = [...ids];
    const [id] = next.splice(index, 1);
    next.splice(index + by, 0, id);
    set(next);
    order.children[index + by]?.querySelector(by < 0 ? ".up" : ".down")?.focus();
  }

  function drawOrder() {
    order.replaceChildren(...ids.map((id, index) => {
      const column = readColumn(id);
      const label = [column.label, valueWord(column)].filter(Boolean).join(" · ");
      const item = element("li", { draggable: "true" }, element("span", { class: "space", dir: "auto" }, label),
        button("↑", () => move(index, -1), { class: "quiet up", "aria-label": "Move up " + label, disabled: index === 0 }),
        button("↓", () => move(index, 1), { class: "quiet down", "aria-label": "Move down " + label, disabled: index === ids.length - 1 }),
        button("×", () => set(ids.filter((other) => other !== id)), { class: "quiet", "aria-label": "Remove " + label }));
      item.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", String(index)));
      item.addEventListener("dragover", (event) => event.preventDefault());
      item.addEventListener("drop", (event) => {
        event.preventDefault();
        const from = Number(event.dataTransfer.getData("text/plain"));
        if (ids[from]) move(from, index - from);
      });
      return item;
    }));
  }

  function drawKeys() {
    const wanted = search.value.toLowerCase();
    const fits = (text) => text.toLowerCase().includes(wanted);
    const section = (title, items) => items.length ? [element("h3", {}, title), ...items.slice(0, shownAtMost),
      items.length > shownAtMost ? element("p", { class: "soft" }, `and ${items.length - shownAtMost} more; type a part of the name`) : null] : [];
    const system = (known.metrics || []).filter(({ key }) => isInternal(key) && fits(key));
    const metrics = (known.metrics || []).filter(({ key }) => !isInternal(key) && fits(key));
    const values = (kind, items) => (items || []).filter(({ key }) => fits(key))
      .sort((one, other) => isInternal(one.key) - isInternal(other.key)).map((item) => choice(kind + "." + item.key, hintOf(item)));
    const place = keys.scrollTop;
    keys.replaceChildren();
    for (const nodes of [section("Metrics", metrics.map(metricChoice)), section("Params", values("params", known.params)),
      section("Run", Object.entries(attributes).filter(([id, { label }]) => id !== "name" && fits(label)).map(([id]) => choice(id))),
      section("Tags", values("tags", known.tags)), section("System metrics", system.map(metricChoice))]) keys.append(...nodes.filter(Boolean));
    keys.scrollTop = place;
  }

  function choice(id, hint) {
    const box = element("input", { type: "checkbox", onchange: () => set(box.checked ? [...ids, id] : ids.filter((other) => other !== id)) });
    box.checked = ids.includes(id);
    return element("label", { class: "choice" }, box, element("span", { class: "space", dir: "auto" }, readColumn(id).label),
      hint && element("span", { class: "soft" }, hint));
  }

  function metricChoice({ key, runs }) {
    const own = ids.filter((id) => readColumn(id).kind === "metrics" && readColumn(id).key === key);
    const box = element("input", { type: "checkbox", onchange: () => set(box.checked ? [...ids, "metrics." + key] : ids.filter((id) => !own.includes(id))) });
    box.checked = own.length > 0;
    const more = element("select", { "aria-label": "Add a value of " + key, onchange: () => {
      const id = metricColumn(key, more.value);
      if (!ids.includes(id)) set([...ids, id]);
    } }, ["+", "last", "min", "max", "best"].map((value) => element("option", { value: value === "+" ? "" : value }, value)));
    return element("div", { class: "choice" }, element("label", { class: "space" }, box, element("span", { dir: "auto" }, key)),
      element("span", { class: "soft" }, String(runs ?? "")), more);
  }
}

const hintOf = ({ distinct, values }) => distinct === 1 && values?.length ? values[0].slice(0, 30) : distinct ? distinct + " values" : "";
