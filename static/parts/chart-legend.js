/** The runs of the charts with their colours; each can be hidden, or shown alone. */

import { button, element, link, name } from "../core/dom.js";
import { runAddress } from "../core/names.js";

/**
 * @param {object} panel
 * @param {{changed: (hidden: Set<string>) => void}} options
 */
export function chartLegend(panel, { changed }) {
  const list = element("ul", { class: "legend", "aria-label": "Runs" });
  const all = button("Show all", () => apply(new Set()), { class: "quiet tiny", hidden: true });
  const node = element("div", { class: "legend-box" }, list, all);

  function apply(hidden) {
    changed(hidden);
    all.hidden = !hidden.size;
    for (const item of list.children) item.firstChild.setAttribute("aria-pressed", String(!hidden.has(item.run)));
  }

  function toggle(run, alone) {
    const { hidden } = panel.settings;
    const others = panel.runs.map(({ run_id: id }) => id).filter((id) => id !== run);
    if (alone) return apply(new Set(others));
    const next = new Set(hidden);
    if (!next.delete(run)) next.add(run);
    return apply(next);
  }

  function item(run) {
    const hidden = panel.settings.hidden.has(run.run_id);
    const eye = element("button", { type: "button", class: "quiet eye", "aria-pressed": String(!hidden), title: "Show or hide; with Alt, show alone",
      onclick: (event) => toggle(run.run_id, event.altKey) },
    element("span", { class: "dot", style: { background: `var(--series-${run.color % 10})` } }), name(run.run_name || run.run_id));
    const made = element("li", {
      onpointerenter: () => panel.highlight(run.run_id), onpointerleave: () => panel.highlight(null),
      onfocusin: () => panel.highlight(run.run_id), onfocusout: () => panel.highlight(null),
    }, eye, link(runAddress(run.experiment_id, run.run_id), element("span", { "aria-label": "Open " + run.run_name }, "›")));
    made.run = run.run_id;
    return made;
  }

  return {
    node,
    show(runs) {
      node.hidden = runs.length < 2;
      const shown = [...list.children].map(({ run }) => run).join();
      if (shown !== runs.map(({ run_id: id }) => id).join()) list.replaceChildren(...runs.map(item));
      all.hidden = !panel.settings.hidden.size;
    },
  };
}
