/** The views of a comparison that relate fields: parallel coordinates, scatter, importance. */

import { button, element, link, name } from "../core/dom.js";
import { count } from "../core/format.js";
import { runAddress } from "../core/names.js";
import { readColors } from "./chart-draw.js";
import { fieldsOf, shortLabel } from "./compare-data.js";
import { importance } from "./importance.js";
import { parallelPlot } from "./parallel.js";
import { scatterPlot } from "./scatter.js";

const axesAtFirst = 8;

/** A select of fields; an empty value stands for `none`. */
function fieldSelect(label, fields, value, change, none) {
  const option = (field) => element("option", { value: field.id, selected: field.id === value }, shortLabel(field));
  const select = element("select", { "aria-label": label, onchange: () => change(select.value || null) }, none && element("option", { value: "" }, none),
    Object.entries({ metrics: "Metrics", params: "Params" }).map(([kind, title]) => element("optgroup", { label: title },
      fields.filter((field) => field.kind === kind).map(option))));
  return element("label", { class: "soft" }, label + " ", select);
}

/** Draws a plot now, and again when its size or the colour scheme changes. */
function keepDrawn(context, plot) {
  const observer = new ResizeObserver(plot.draw);
  observer.observe(plot.node);
  context.signal.addEventListener("abort", () => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", plot.draw, { signal: context.signal });
  return plot.node;
}

/** Fields with at least two different values, not counting runs without a value. */
const usable = (fields) => fields.filter(({ numbers }) => new Set(numbers.filter(Number.isFinite)).size > 1);

/** The metric that people most likely mean: a score or a loss on data that was held out, if there is one. */
function mainMetric(metrics) {
  const rank = ({ key }) => (/val|test|eval/i.test(key) ? 2 : 0) - (key.startsWith("system/") ? 9 : 0)
    + (/loss|acc|f1|auc|score|error|rmse|map|iou|dice|bleu|perplexity/i.test(key) ? 3 : 0);
  return metrics.reduce((best, one) => !best || rank(one) > rank(best) ? one : best, undefined);
}

/** A view that is drawn again when its controls change: `draw` gets the fields by name and returns nodes. */
function view(context, fields, draw) {
  const node = element("div");
  const { query } = context;
  const again = () => {
    const find = (id, fallback) => fields.find((field) => field.id === query.get(id)) || fallback;
    node.replaceChildren(...draw({ find, set: (changes) => {
      query.set(changes);
      again();
    } }).filter(Boolean));
  };
  again();
  return node;
}

/** Parallel coordinates. */
export function parallelView(context, runs) {
  const fields = usable(fieldsOf(runs));
  const main = mainMetric(fields.filter(({ kind }) => kind === "metrics"));
  const first = [...fields.filter(({ kind }) => kind === "params").slice(0, axesAtFirst - 1), main].filter(Boolean).map(({ id }) => id);
  if (fields.length < 2) return element("p", { class: "soft" }, "Fewer than two params or metrics differ.");
  return view(context, fields, ({ find, set }) => {
    const chosen = context.query.list("axes", first);
    const axes = chosen.map((id) => fields.find((field) => field.id === id)).filter(Boolean);
    const left = element("p", { class: "soft", "aria-live": "polite" }, "Mark a range on an axis to see only the runs in it; a click on the axis takes it away.");
    const links = (some) => some.slice(0, 12).flatMap((run, index) => [index ? ", " : "", link(runAddress(run.experiment_id, run.run_id), name(run.run_name))]);
    const narrowed = (kept) => left.replaceChildren(...kept.length === runs.length ? ["All runs."]
      : [count(kept.length, "run") + ": ", ...links(kept), kept.length > 12 ? " …" : ""]);
    const color = find("color", axes.filter(({ kind }) => kind === "metrics").at(-1));
    const plot = parallelPlot(runs, axes, color, readColors, narrowed);
    const remove = (axis) => set({ axes: chosen.filter((id) => id !== axis.id) });
    const chips = axes.map((axis) => button(axis.key + " ×", () => remove(axis), { class: "chip", "aria-label": "Remove the axis " + axis.key }));
    const others = fields.filter(({ id }) => !chosen.includes(id));
    return [element("div", { class: "bar" }, chips, fieldSelect("Add axis", others, "", (id) => set({ axes: [...chosen, id] }), "…"),
      fieldSelect("Colour", fields, color?.id, (id) => set({ color: id }), "run")), element("div", { class: "scroll plot-box", tabindex: 0, role: "group", "aria-label": "Plot" }, keepDrawn(context, plot)), left];
  });
}

/** Scatter of two fields. */
export function scatterView(context, runs) {
  const fields = usable(fieldsOf(runs));
  const metrics = fields.filter(({ kind }) => kind === "metrics");
  if (fields.length < 2) return element("p", { class: "soft" }, "Fewer than two params or metrics differ.");
  return view(context, fields, ({ find, set }) => {
    const y = find("y", mainMetric(metrics) || fields[1]);
    const x = find("x", fields.find((field) => field !== y && !field.categories) || fields.find((field) => field !== y));
    const color = find("color");
    const plot = scatterPlot(context, runs, { x, y, color }, readColors);
    return [element("div", { class: "bar" }, fieldSelect("x", fields, x.id, (id) => set({ x: id })), fieldSelect("y", fields, y.id, (id) => set({ y: id })),
      fieldSelect("Colour", fields, color?.id, (id) => set({ color: id }), "run"),
      Number.isNaN(plot.related) ? null : element("span", { class: "soft" }, `rank correlation ${plot.related.toFixed(2)}`)),
    element("div", { class: "plot-box scroll", tabindex: 0, role: "group", "aria-label": "Plot" }, keepDrawn(context, plot))];
  });
}

/** Which params matter for a metric. */
export function importanceView(context, runs) {
  const fields = usable(fieldsOf(runs));
  const params = fields.filter(({ kind }) => kind === "params");
  const metrics = fields.filter(({ kind }) => kind === "metrics");
  if (!params.length || !metrics.length) return element("p", { class: "soft" }, "Importance needs params and a metric that differ between the runs.");
  return view(context, metrics, ({ find, set }) => {
    const metric = find("target", mainMetric(metrics));
    const { rows, amount } = importance(params, metric);
    const bar = (part, style) => element("div", { class: "meter " + style, style: { width: Math.round(Math.abs(part) * 100) + "%" } });
    return [element("div", { class: "bar" }, fieldSelect("For", metrics, metric.id, (id) => set({ target: id })), element("span", { class: "soft" }, count(amount, "run"))),
      amount < 10 ? element("p", { class: "error" }, `Of ${count(amount, "run")} little can be said; treat this as a hint.`) : null,
      element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Importance" }, element("table", { class: "importance", "aria-label": "Importance" }, element("thead", {}, element("tr", {},
        ["Param", "Share in the forest", "Rank correlation"].map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, rows.map(({ field, share, related }) => element("tr", {}, element("th", { scope: "row", class: "key" }, name(field.key)),
        element("td", {}, `${Math.round(share * 100)} %`, bar(share, "share")),
        element("td", {}, Number.isNaN(related) ? "–" : [related.toFixed(2), related < 0 ? " falls" : " rises", bar(related, related < 0 ? "falls" : "rises")])))))),
      element("p", { class: "soft" }, "The share is what the splits of a random forest (60 trees, at most 6 deep, on samples of these runs) take from the "
        + "variance of the metric's last value; "
        + "words count as numbers in their order. Rank correlation is Spearman's, of numeric params: it sees only what rises or falls steadily.")];
  });
}
