/** The controls above the charts; the address holds their settings. */

import { button, element } from "../core/dom.js";
import { keepSetting, setting } from "../core/settings.js";

const modes = { step: "Step", time: "Time", relative: "Time since start" };

/** The settings of charts in an address. */
export function readSettings(query) {
  const x = query.get("chartx", "step");
  const log = query.get("chartlog");
  return {
    mode: Object.hasOwn(modes, x) ? x : "metric",
    metric: Object.hasOwn(modes, x) ? "" : x.replace(/^metric:/, ""),
    logX: log.includes("x"),
    logY: log.includes("y"),
    robust: query.get("chartfit") === "most",
    smoothing: Math.min(0.99, Math.max(0, Number(query.get("chartsmooth", setting("smoothing", 0))) || 0)),
    hidden: new Set(query.list("charthide")),
  };
}

/**
 * @param {object} context
 * @param {object} panel
 * @param {{searched: () => void, changed: (before: object) => void, reset: () => void}} events
 */
export function chartTools(context, panel, { searched, changed, reset }) {
  const { query } = context;
  let timer;
  const search = element("input", { type: "search", placeholder: "Find metrics: loss, val/*", "aria-label": "Find metrics", value: query.get("chart"),
    autocomplete: "off", spellcheck: "false", oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        query.set({ chart: search.value.trim() });
        pattern = patternOf(search.value);
        searched();
      }, 120);
    } });
  let pattern = patternOf(search.value);
  const axis = element("select", { "aria-label": "Along x", onchange: () => apply({ chartx: axis.value === "step" ? null : axis.value }) });
  const smoothing = element("input", { type: "range", min: 0, max: 0.99, step: 0.01, value: panel.settings.smoothing, "aria-label": "Smoothing",
    oninput: () => {
      keepSetting("smoothing", Number(smoothing.value) || null);
      apply({ chartsmooth: smoothing.value });
    } });
  const amount = element("output", { class: "number" });
  const found = element("span", { class: "soft number", role: "status" });
  const back = button("Whole range", reset, { hidden: !panel.range });
  const log = (letter) => toggle("log " + letter, () => panel.settings["log" + letter.toUpperCase()], (on) => {
    const { logX, logY } = panel.settings;
    const now = { x: logX, y: logY, [letter]: on };
    return { chartlog: (now.x ? "x" : "") + (now.y ? "y" : "") };
  });
  const node = element("div", { class: "bar chart-tools" }, search, element("label", {}, "x ", axis),
    element("label", { class: "smooth", title: "Moving average over distance along x; the raw line stays as a shadow" }, "Smooth ", smoothing, amount),
    log("x"), log("y"), toggle("ignore outliers", () => panel.settings.robust, (on) => ({ chartfit: on ? "most" : null })), back, found);
  context.keys([{ key: "/", label: "Find metrics", run: () => search.select() }]);
  setKeys([]);
  showAmount();

  function toggle(label, read, write) {
    const made = button(label, () => {
      apply(write(!read()));
      made.setAttribute("aria-pressed", String(read()));
    }, { "aria-pressed": String(read()) });
    return made;
  }

  function apply(changes) {
    const before = panel.settings;
    query.set(changes);
    panel.settings = readSettings(query);
    showAmount();
    changed(before);
  }

  function showAmount() {
    amount.textContent = panel.settings.smoothing.toFixed(2);
  }

  function setKeys(keys) {
    const { mode, metric } = panel.settings;
    const option = (value, text, selected) => element("option", { value, selected }, text);
    const all = metric && !keys.includes(metric) ? [metric, ...keys] : keys;
    axis.replaceChildren(...Object.entries(modes).map(([value, text]) => option(value, text, value === mode)),
      element("optgroup", { label: "Metric" }, all.map((key) => option("metric:" + key, key, key === metric))));
  }

  return {
    node,
    setKeys,
    finds: (key) => pattern.test(key),
    counted: (some, all) => { found.textContent = some === all ? "" : `${some} of ${all}`; },
    zoomed: (range) => { back.hidden = !range; },
  };
}

/** Words that must all be in a key, in any case; `*` stands for anything. */
function patternOf(text) {
  const words = text.trim().split(/\s+/).filter(Boolean);
  return new RegExp(words.map((word) => `(?=.*${word.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")})`).join(""), "i");
}
