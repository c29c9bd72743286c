/** The metrics and params of a run as tables; metrics have a small curve, their least and greatest value. */

import { apus, post } from "../core/api.js";
import { element, linked, name } from "../core/dom.js";
import { byKey, numberNode } from "../core/format.js";
import { readValue } from "./chart-series.js";
import { sparkline } from "./sparkline.js";

const keysAtOnce = 100;
const filterFrom = 12;

/** Whether a metric is one of the machine. */
export const isSystem = (key) => key.startsWith("system/");

/**
 * @param {object} context
 * @param {string} run
 * @param {(key: string) => string} chartAddress Where the chart of a metric is.
 * @returns {{node: HTMLElement, show: (metrics: object[]) => void}} `show` may be called again with new values.
 */
export function metricTable(context, run, title, chartAddress) {
  const rows = new Map();
  const body = element("tbody");
  const node = pairsTable(title, ["Metric", "", "Last", "Least", "Greatest", "Step"], body);
  let changed = new Set();

  function rowOf(key) {
    if (!rows.has(key)) {
      const cells = ["curve", "number", "number least", "number", "number"].map((style) => element("td", { class: style }));
      const made = element("tr", {}, element("th", { scope: "row", class: "key" }, element("a", { href: chartAddress(key) }, name(key))), cells);
      rows.set(key, { made, cells });
    }
    return rows.get(key);
  }

  function show(metrics) {
    for (const { key, value, step, timestamp } of byKey(metrics)) {
      const { cells, made } = rowOf(key);
      const mark = `${value} ${step} ${timestamp}`;
      if (made.mark !== mark) changed.add(key);
      made.mark = mark;
      cells[1].replaceChildren(numberNode(value));
      cells[4].replaceChildren(String(step ?? 0));
      if (!made.isConnected) body.append(made);
    }
    const keys = [...changed];
    changed = new Set();
    draw(keys).catch((error) => { if (error.name !== "AbortError") context.announce(error.message); });
  }

  async function draw(keys) {
    for (let from = 0; from < keys.length; from += keysAtOnce) {
      const answer = await post(apus + "metrics/curves", { run_ids: [run], keys: keys.slice(from, from + keysAtOnce), max_points: 60 }, context.signal);
      for (const { key, values, min, max, count } of answer.curves) {
        const { cells } = rowOf(key);
        if (count < 2) continue;
        cells[0].replaceChildren(sparkline(values));
        cells[2].replaceChildren(numberNode(best(min || values, Math.min)));
        cells[3].replaceChildren(numberNode(best(max || values, Math.max)));
      }
    }
  }
  return { node, show };
}

const best = (values, choose) => values.map(readValue)
  .reduce((found, value) => Number.isNaN(value) ? found : Number.isNaN(found) ? value : choose(found, value), NaN);

/** The params of a run. */
export function paramTable(params) {
  const body = element("tbody", {}, byKey(params).map(({ key, value }) => element("tr", {}, element("th", { scope: "row", class: "key" }, name(key)),
    element("td", {}, element("div", { class: "value", tabindex: value.length > 500 ? 0 : null, dir: "auto" }, linked(value))))));
  return pairsTable("Params", null, body);
}

/** A table with a heading and, when it is long, a box that filters its rows by the text of their head. */
function pairsTable(title, heads, body) {
  const filter = element("input", { type: "search", placeholder: "Filter", "aria-label": "Filter " + title, oninput: () => {
    const words = filter.value.toLowerCase();
    for (const row of body.children) row.hidden = !row.firstChild.textContent.toLowerCase().includes(words);
  } });
  const long = new MutationObserver(() => { filter.hidden = body.childElementCount < filterFrom; });
  long.observe(body, { childList: true });
  filter.hidden = body.childElementCount < filterFrom;
  const headCell = (text, index) => text ? element("th", { scope: "col", class: index ? "number" : null }, text) : element("td", {});
  const head = heads && element("thead", {}, element("tr", {}, heads.map(headCell)));
  return element("section", { "aria-label": title }, element("div", { class: "bar" }, element("h2", {}, title), filter),
    element("div", { class: "scroll" }, element("table", { class: heads ? "metrics" : "pairs", "aria-label": title }, head, body)));
}
