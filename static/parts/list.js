/** A plain table whose rows come in pages, the next one when the reader comes near the end. */

import { element, failure } from "../core/dom.js";

/**
 * @param {object} options
 * @param {string} options.label
 * @param {(string|{text: string, class?: string, order?: string})[]} options.heads With `order`, a click on it sorts.
 * @param {(token: string|undefined) => Promise<{items: object[], next: string|undefined}>} options.fetchPage
 * @param {(item: object) => Array<Node|string|{node: Node|string, class: string}>} options.row The cells of an item; the first is its head.
 * @param {string} options.empty What is said when there is nothing.
 * @param {{value: string, change: (order: string) => void}} [options.order]
 */
export function pagedList({ label, heads, fetchPage, row, empty, order }) {
  const body = element("tbody");
  const place = element("div", { "aria-live": "polite" });
  const table = element("table", { "aria-label": label }, element("thead", {}, element("tr", {}, heads.map((head) => headCell(head, order)))), body);
  const node = element("div", { class: "list" }, element("div", { class: "scroll" }, table), place);
  const end = element("div", { class: "end" });
  const observer = new IntersectionObserver((entries) => { if (entries.some(({ isIntersecting }) => isIntersecting)) load(); }, { rootMargin: "600px" });
  let token;
  let busy = false;

  async function load() {
    if (busy) return;
    busy = true;
    observer.unobserve(end);
    end.remove();
    try {
      const { items, next } = await fetchPage(token);
      token = next || undefined;
      body.append(...items.map((item) => element("tr", {}, row(item).map(cell))));
      if (!body.childElementCount && !token) {
        node.firstChild.hidden = true;
        place.replaceChildren(element("p", { class: "soft empty" }, empty));
      }
      if (token) {
        node.append(end);
        observer.observe(end);
      }
    } catch (error) {
      if (error.name !== "AbortError") place.replaceChildren(failure(error));
    }
    busy = false;
  }
  return { node, load };
}

function cell(item, position) {
  const [content, style] = item?.node !== undefined ? [item.node, item.class] : [item, null];
  return element(position ? "td" : "th", { scope: position ? null : "row", class: style }, content);
}

function headCell(head, order) {
  const { text, class: style, order: key } = typeof head === "string" ? { text: head } : head;
  if (!text) return element("td", {});
  if (!key || !order) return element("th", { scope: "col", class: style }, text);
  const descending = order.value === "-" + key;
  const sorted = descending || order.value === key;
  return element("th", { scope: "col", class: style, "aria-sort": sorted ? (descending ? "descending" : "ascending") : null },
    element("button", { type: "button", class: "quiet sort", onclick: () => order.change(order.value === key ? "-" + key : key) }, text,
      element("span", { class: "arrow", "aria-hidden": "true" }, sorted ? (descending ? " ↓" : " ↑") : "")));
}

/**
 * The box that searches a list; it applies what is typed after a moment.
 * @param {object} context
 * @param {string} label
 * @param {(text: string) => void} apply
 */
export function searchBox(context, label, apply) {
  let timer;
  const input = element("input", { type: "search", placeholder: label, "aria-label": label, autocomplete: "off", spellcheck: "false", dir: "auto",
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        context.query.set({ q: input.value.trim() });
        apply(input.value.trim());
      }, 150);
    } });
  input.value = context.query.get("q");
  context.keys([{ key: "/", label: "Search", run: () => input.select() }]);
  listKeys(context);
  return element("div", { class: "search", role: "search" }, input);
}

/** `j`, `k` and Enter walk through the links of a list's rows. */
function listKeys(context) {
  const links = () => [...context.root.querySelectorAll("tbody th a")];
  const step = (by) => {
    const all = links();
    const at = all.indexOf(document.activeElement);
    all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
  };
  context.keys([{ key: "j", label: "Next", run: () => step(1) }, { key: "k", label: "Previous", run: () => step(-1) }]);
}
