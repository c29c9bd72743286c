/** The table of runs with its controls. The address holds everything that is needed to show it again. */

import { button, element, failure } from "../core/dom.js";
import { count } from "../core/format.js";
import { whenLoaded } from "../core/later.js";
import { withStyle } from "../core/styles.js";
import { compareAddress, runAddress } from "../core/names.js";
import { filterBox } from "./filter.js";
import { meantFilter } from "./filter-text.js";
import { makeFiller } from "./run-table-rows.js";
import { headOf, tableColumns } from "./run-table-heads.js";
import { Selection } from "./selection.js";
import { readColumn } from "./table-columns.js";
import { chosenColumns, groupsOf, keysRequest, runsRequest, stageOf, usualColumns } from "./table-request.js";
import { RunList } from "./table-runs.js";
import { makeTable } from "./table.js";
import { flatLines, hasFamilies } from "./table-lines.js";
import { apus, post } from "../core/api.js";

/** The number of runs that are drawn when none is chosen. */
const drawnAtFirst = 10;

const menus = () => import("./run-table-menus.js");

/**
 * @param {object} context Of the page.
 * @param {string[]} experiments The ids of the experiments.
 * @param {{narrow: boolean, drawn: (runs: object[], of: number) => void}} options Narrow shows only the names, beside charts; `drawn` is called
 *   with the runs that charts are to show, each with its `color`, and with the number of runs that they were taken from.
 */
export async function runTable(context, experiments, { narrow, drawn }) {
  const { query, signal } = context;
  const state = {
    known: { metrics: [], params: [], tags: [], runs: 0 },
    columns: chosenColumns(query),
    opened: new Set(context.remembered("opened") || []),
    lines: [], families: false, narrow, grouping: null, tree: null,
  };
  let arranging = null;
  const wasHere = context.remembered("opened") !== undefined;
  const revealed = new Set();
  const selection = new Selection(query.list("runs"), (ids) => {
    query.set({ runs: ids });
    selected();
  });
  const list = new RunList(signal, (anew) => arrange(anew));
  const filter = filterBox({ value: query.get("filter"), known: () => state.known, apply(text) {
    query.set({ filter: text }, { push: true });
    search({ top: true });
  } });
  const amount = element("span", { class: "soft amount", role: "status" });
  const fresh = button("", () => search({ top: true, anew: true }), { class: "fresh", hidden: true });
  const flat = button("Flat", () => {
    query.set({ flat: query.get("flat") ? "" : "1" });
    arrange(true);
  }, { hidden: true, title: "Children beside their parents, in the order of the table" });
  const group = button("Group", () => whenLoaded(menus(), ({ openGroupMenu }) => openGroupMenu(group, query.list("group")[0], state.known, actions.group)), { "aria-haspopup": "menu" });
  const stage = button("", () => whenLoaded(menus(), ({ openStageMenu }) => openStageMenu(stage, query.get("stage", "active"), (name) => {
    query.set({ stage: name === "active" ? "" : name }, { push: true });
    search({ top: true });
  })), { "aria-haspopup": "menu" });
  const chooser = async () => (await Promise.all([withStyle("dialogs.css", import("./table-chooser.js")), learn().catch(() => {})]))[0];
  const choose = button("Columns", () => whenLoaded(chooser(), ({ openChooser }) => {
    openChooser({ chosen: shownColumns(), known: state.known, defaults: usual, change(ids) {
      state.columns = ids;
      query.set({ columns: ids?.length === 0 ? ["name"] : ids });
      search();
    } });
  }));
  const place = element("div", { class: "failure" });
  const table = makeTable({ label: "Runs", head: (column, cell) => headOf(column, cell, actions),
    fill: makeFiller(state, list, selection, () => state.families || query.list("group").length > 0),
    reached: (index) => { if (!list.complete && index > state.lines.length - 500) list.loadMore(list.runs.length + 1).catch(failed); } });
  const bar = element("div", { class: "bar selected", hidden: true, role: "group", "aria-label": "Selected runs" });
  const node = element("div", { class: narrow ? "runs narrow" : "runs", role: "region", "aria-label": "Runs" },
    element("div", { class: "bar tools" }, filter.node, choose, group, flat, stage, fresh, amount), place, table.node, bar);

  const actions = {
    order: () => query.get("order"),
    sort(order) {
      query.set({ order }, { push: true });
      search({ top: true });
    },
    setColumns(ids) {
      state.columns = ids;
      query.set({ columns: ids });
      search();
    },
    columns: () => shownColumns(),
    group(id) {
      query.set({ group: id ? [id] : [] }, { push: true });
      search({ top: true });
    },
  };

  const usual = () => usualColumns(experiments, state.known);
  const shownColumns = () => state.columns ?? usual();

  async function search({ top, anew } = {}) {
    const text = filter.value;
    stage.textContent = stageOf(query)[1];
    const groups = groupsOf(query);
    group.setAttribute("aria-pressed", String(groups.length > 0));
    group.textContent = groups.length ? "Group: " + groups.map((id) => readColumn(id).label).join(", ") : "Group";
    fresh.hidden = true;
    place.replaceChildren();
    try {
      if (groups.length) state.grouping ??= await import("./table-groups.js");
      // The default columns come from the keys; chosen ones need no wait.
      if (!state.columns && (anew || !state.known.runs)) await learn();
      else if (!state.known.runs) learn().then(() => filter.tell(null), () => {});
      await list.load(runsRequest(experiments, query, meantFilter(text), shownColumns()), query.get("order"));
      await arranging;
      filter.tell(null);
      table.node.classList.remove("stale");
      if (top) table.node.scrollTop = 0;
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.status === 400 && text) filter.tell(error);
      else failed(error);
      table.node.classList.add("stale");
      amount.textContent = "";
      return;
    }
    list.loadMore().then(() => context.announce(amount.textContent)).catch(failed);
  }

  /** Asks which keys the runs have. */
  async function learn() {
    state.known = await post(apus + "runs/columns", keysRequest(experiments, query), signal);
  }

  function failed(error) {
    if (error.name !== "AbortError") place.replaceChildren(failure(error));
  }

  /** Makes the lines of the runs that are there and shows them. */
  function arrange(anew) {
    // The module of groups may be on its way; the search that waits for it arranges the runs again.
    const groups = state.grouping ? groupsOf(query) : [];
    // Beside charts each run stands for itself, so that those that are drawn are seen.
    const families = !narrow && !groups.length && hasFamilies(list.runs);
    if (families && !query.get("flat") && !state.tree) {
      arranging = loadTree(anew);
      return;
    }
    flat.hidden = !families;
    flat.setAttribute("aria-pressed", String(Boolean(query.get("flat"))));
    state.families = families && !query.get("flat");
    if (state.families && !wasHere) state.tree.openTo(selection.list(), list.runs, revealed, state.opened);
    state.lines = groups.length ? state.grouping.groupLines(list.runs, (run) => groups.map((id) => valueOf(run, id)), state.opened, groupOrder())
      : state.families ? state.tree.treeLines(list.runs, state.opened) : flatLines(list.runs);
    state.ranges = new Map();
    table.node.setAttribute("role", groups.length || state.families ? "treegrid" : "grid");
    if (anew) {
      const ids = shownColumns().filter((id) => id !== "name");
      // Beside charts there is room for the names and for what they are sorted by.
      const order = query.get("order").replace(/^-/, "");
      const shown = narrow ? ids.filter((id) => id === order).slice(0, 1) : ids;
      state.shown = tableColumns(shown, list, groups.length > 0);
      table.setColumns(state.shown);
    }
    color();
    table.setLength(state.lines.length);
    amount.textContent = (list.complete ? "" : "more than ") + count(list.runs.length, "run");
    keepPlace();
    if (!list.runs.length) sayEmpty();
  }

  /** Arranges the runs again when the module of trees is there. */
  async function loadTree(anew) {
    try {
      state.tree = await import("./tree.js");
      if (!signal.aborted) arrange(anew);
    } catch (error) {
      failed(error);
    }
  }

  /** Says why no run is shown. */
  async function sayEmpty() {
    const { search } = list;
    const { whyEmpty } = await import("./run-table-empty.js");
    const words = await whyEmpty(context, experiments, filter.value);
    if (!signal.aborted && search === list.search) place.replaceChildren(element("p", { class: "soft empty" }, ...words));
  }

  function groupOrder() {
    const order = query.get("order");
    const column = list.position(order.replace(/^-/, ""));
    return column >= 0 && list.types[column] === "number" ? { column, descending: order.startsWith("-") } : null;
  }

  const valueOf = (run, id) => {
    const column = list.position(id);
    if (column >= 0) {
      const value = run.values[column];
      return String((typeof value === "object" && value ? value.value : value) ?? "");
    }
    return String({ status: run.status, user: run.user_id, name: run.run_name, id: run.run_id }[id] ?? "");
  };

  function drawnRuns() {
    const byID = new Map(list.runs.map((run) => [run.run_id, run]));
    if (selection.size) return selection.list().map((id) => byID.get(id) || { run_id: id, run_name: id, experiment_id: experiments[0] });
    return list.runs.slice(0, drawnAtFirst);
  }

  function color() {
    const runs = drawnRuns();
    selection.color(runs.map(({ run_id: id }) => id));
    drawn(runs.map((run) => ({ ...run, color: selection.colorOf(run.run_id) })), selection.size ? runs.length : list.runs.length);
    showBar();
  }

  /** Brings the bar up to date with the selection. */
  async function showBar() {
    if (bar.hidden && !selection.size) return;
    const { fillBar } = await import("./run-table-bar.js");
    fillBar(bar, context, { selection, list, again: search });
  }

  function selected() {
    color();
    table.refresh();
  }

  // The scroll, the current row and what is open, for Back.
  let wanted = null;
  context.remember("opened", () => [...state.opened].slice(0, 500), () => {});
  context.remember("table", () => [table.node.scrollTop, table.node.scrollLeft, state.lines[table.cursor]?.id ?? null], (value) => {
    wanted = value;
    keepPlace();
  });
  function keepPlace() {
    if (!wanted) return;
    const [top, left, id] = wanted;
    table.node.scrollLeft = left;
    table.node.scrollTop = top;
    table.moveTo(state.lines.findIndex((line) => line.id === id), false);
    if (list.complete || Math.abs(table.node.scrollTop - top) < 2) wanted = null;
  }
  table.node.addEventListener("wheel", () => { wanted = null; }, { passive: true });
  table.node.addEventListener("touchstart", () => { wanted = null; }, { passive: true });

  function toggleOpen(line, open = !line.open) {
    if (!line?.size || line.open === open) return;
    if (open) state.opened.add(line.id);
    else state.opened.delete(line.id);
    arrange(false);
  }

  function toggle(index, range) {
    const line = state.lines[index];
    if (!line) return;
    if (line.group) {
      const ids = line.group.runs.map(({ run_id: id }) => id);
      const all = ids.every((id) => selection.has(id));
      selection.set(all ? selection.list().filter((id) => !ids.includes(id)) : [...selection.list(), ...ids]);
      return;
    }
    const last = state.lines.findIndex(({ id }) => id === selection.last);
    const span = range && last >= 0 ? state.lines.slice(Math.min(last, index), Math.max(last, index) + 1)
      .filter(({ run }) => run).map(({ id }) => id) : null;
    selection.toggle(line.id, span);
  }

  table.node.addEventListener("click", (event) => {
    const index = table.indexOf(event.target);
    const line = state.lines[index];
    if (!line) return;
    table.moveTo(index, false);
    if (event.target.closest(".twist")) toggleOpen(line);
    else if (event.target.closest(".pick")) toggle(index, event.shiftKey);
    else if (line.group) toggleOpen(line);
  });
  table.node.addEventListener("keydown", (event) => {
    const line = state.lines[table.cursor];
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.target !== table.node || event.metaKey || event.ctrlKey || event.altKey) return;
    if (moves[event.key]) table.moveTo(Math.max(0, table.cursor + moves[event.key]));
    else if (event.key === "ArrowRight" && line?.size && !line.open) toggleOpen(line, true);
    else if (event.key === "ArrowLeft" && line?.open) toggleOpen(line, false);
    else if (event.key === "Enter") open();
    else if (event.key === " ") toggle(table.cursor, event.shiftKey);
    else return;
    event.preventDefault();
  });

  function open() {
    const line = state.lines[table.cursor];
    if (line?.run) context.go(runAddress(line.run.experiment_id, line.run.run_id));
    else if (line) toggleOpen(line);
  }

  const step = (by) => {
    table.moveTo(Math.max(0, table.cursor + by));
    table.node.focus({ preventScroll: true });
  };
  context.keys([
    { key: "/", label: "Filter", run: () => filter.input.focus() },
    { key: "j", label: "Next run", run: () => step(1) },
    { key: "k", label: "Previous run", run: () => step(-1) },
    { key: "o", label: "Open the run, or what is beneath it", run: open },
    { key: "x", label: "Select the run", run: () => toggle(table.cursor, false) },
    { key: "X", label: "Select all from the one selected before to this one", run: () => toggle(table.cursor, true) },
    { key: "c", label: "Compare the selected runs", run: () => { if (selection.size > 1) context.go(compareAddress(selection.list())); } },
    { key: "Escape", label: "Select nothing", run: () => { if (selection.size) selection.set([]); } },
  ]);

  let ticks = 0;
  context.every(5000, async () => {
    ticks += 1;
    const running = list.runs.some(({ status }) => status === "RUNNING");
    if (!running && ticks % 3) return;
    const { refreshRuns } = await import("./table-refresh.js");
    const amountNew = await refreshRuns(list);
    if (amountNew && table.node.scrollTop < 5 && !query.get("order")) await search({ anew: true });
    else if (amountNew) {
      fresh.hidden = false;
      fresh.textContent = amountNew > 49 ? "Many new runs" : count(amountNew, "new run");
    }
  });
  signal.addEventListener("abort", () => table.stop());

  return { node, search };
}
