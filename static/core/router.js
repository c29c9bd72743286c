/** Shows the page that the address names. Back, reload and a sent link show what was seen, the scroll included. */

import { apus, forgetAhead, get, isFile } from "./api.js";
import { append, button, element, failure } from "./dom.js";
import { parseAddress, Query, decoded } from "./query.js";
import { withStyle } from "./styles.js";
import { bindKeys } from "../parts/keyboard.js";

/** Each address and the module in `pages/` that shows it; `:name` is a parameter, `*` stands for any rest. */
const routes = [
  ["/", "experiments"],
  ["/experiments", "experiments"],
  ["/experiments/:id", "experiment"],
  ["/experiments/:id/runs", "experiment"],
  ["/experiments/:id/models", "experiment", { view: "models" }],
  ["/experiments/:id/runs/:run/*", "run"],
  ["/experiments/:id/models/:model/*", "logged-model"],
  ["/compare-experiments/*", "experiment"],
  ["/runs/:run/*", "run"],
  ["/compare", "compare"],
  ["/compare-runs", "compare"],
  ["/models", "models"],
  ["/models/:name", "model"],
  ["/models/:name/versions/:version", "version"],
  ["/prompts", "prompts"],
  ["/prompts/:name", "prompt"],
  ["/tokens", "tokens"],
  ["/users", "users"],
  ["/users/:name", "user"],
  ["/roles", "users", { view: "roles" }],
  ["/roles/:id", "role"],
].map(([pattern, page, defaults]) => ({ parts: pattern.split("/").slice(1), page, defaults }));

/** The pages that need only the first style sheets. */
const lists = ["experiments", "experiment", "models", "prompts", "unknown"];

const content = document.getElementById("content");
const announcements = document.getElementById("announcements");
let current = null;

/** Starts to follow the address. */
export function startRouter() {
  history.scrollRestoration = "manual";
  addEventListener("hashchange", show);
  addEventListener("pagehide", save);
  // Added last, so that what a click changes in the page is saved too; the browser follows a link only after this.
  addEventListener("click", save);
  document.addEventListener("scroll", saveSoon, { capture: true, passive: true });
  show();
}

/** Shows the page of the address again. */
export function reload() {
  save();
  show();
}

/** Goes to an address of our own, as a click on a link would. */
export function go(address) {
  save();
  location.hash = address;
}

/** Says something to users of screen readers. */
export function announce(text) {
  announcements.textContent = "";
  setTimeout(() => { announcements.textContent = text; }, 50);
}

function match(path) {
  const asked = path.replace(/\/+$/, "").split("/").slice(1).map(decoded);
  if (!asked.length) asked.push("");
  for (const { parts, page, defaults } of routes) {
    const open = parts.at(-1) === "*";
    const wanted = open ? parts.slice(0, -1) : parts;
    if (open ? asked.length < wanted.length : asked.length !== wanted.length) continue;
    const fits = wanted.every((part, index) => part.startsWith(":") ? asked[index] !== "" : part === asked[index]);
    if (!fits) continue;
    const params = {};
    wanted.forEach((part, index) => { if (part.startsWith(":")) params[part.slice(1)] = asked[index]; });
    params.rest = asked.slice(wanted.length);
    return { page, params, defaults };
  }
  return { page: "unknown", params: {} };
}

/** Makes the object that a page gets. */
function makeContext(found, path, values, first) {
  const leaving = new AbortController();
  const signal = leaving.signal;
  const kept = new Map();
  for (const [name, value] of Object.entries(found.defaults || {})) {
    if (!values.has(name)) values.set(name, value);
  }
  const query = new Query(path, values, (address, push) => {
    if (signal.aborted || address === location.hash) return;
    if (push) {
      save();
      history.pushState(null, "", address);
    } else {
      history.replaceState(history.state, "", address);
    }
  });
  return {
    /** The parameters of the path; `rest` is the list of the parts behind it. */
    params: found.params,
    /** The query of the address: `get`, `list`, `set`, `address`. */
    query,
    /** Aborted when the page is left; hand it to every request and listener. */
    signal,
    leave: () => leaving.abort(),
    /** The element to fill. */
    root: element("div", { class: "page" }),
    /** Appends to the root. */
    add(...children) {
      append(this.root, children);
    },
    /** Sets the title of the window. */
    title(text) {
      if (!signal.aborted) document.title = text ? text + " · Apus" : "Apus";
    },
    announce: (text) => { if (!signal.aborted) announce(text); },
    go,
    /** Shows this page again, with new data. */
    reload,
    /** Keyboard commands while this page is shown: `[{ key: "j", label: "Next run", run }]`. */
    keys: (commands) => bindKeys(commands, signal),
    /** Keeps a JSON value for Back and reload: `read` gives it, `restore` gets it when the page is there again. */
    remember: (name, read, restore) => kept.set(name, { read, restore }),
    /** Keeps where an element is scrolled to. */
    rememberScroll(name, node) {
      this.remember(name, () => [node.scrollTop, node.scrollLeft], ([top, left]) => {
        node.scrollTop = top;
        node.scrollLeft = left;
      });
    },
    /** What was kept under a name when this entry of the history was shown before. */
    remembered: (name) => history.state?.kept?.[name],
    /** Repeats a task while the page is shown and visible; failures make it wait longer. */
    every(milliseconds, task) {
      let wait = milliseconds;
      const later = () => setTimeout(run, wait);
      let timer = later();
      async function run() {
        timer = 0;
        if (signal.aborted || document.hidden) return;
        try {
          await task();
          wait = milliseconds;
        } catch {
          wait = Math.min(wait * 2, 60000);
        }
        if (!signal.aborted && !timer) timer = later();
      }
      document.addEventListener("visibilitychange", () => { if (!document.hidden && !timer) timer = later(); }, { signal });
      signal.addEventListener("abort", () => clearTimeout(timer));
    },
    kept,
    first,
  };
}

async function show() {
  clearTimeout(saving);
  if (current) forgetAhead();
  current?.leave();
  const { path, values } = parseAddress(location.hash);
  const found = match(path);
  const context = makeContext(found, path, values, current === null);
  const state = history.state;
  current = context;
  if (new URLSearchParams(location.search).has("embed") || values.has("embed")) document.body.classList.add("embed");
  markPlace(path);
  document.title = "Apus";
  content.replaceChildren(context.root);
  content.setAttribute("aria-busy", "true");
  scrollTo(0, 0);
  try {
    const loading = import(`../pages/${found.page}.js`);
    const module = await (lists.includes(found.page) ? loading : withStyle("details.css", loading)).catch(explain);
    if (context.signal.aborted) return;
    await module.default(context);
  } catch (error) {
    if (context.signal.aborted) return;
    if (!document.title || document.title === "Apus") context.title("Failed");
    context.add(failure(error), button("Try again", show));
  }
  if (context.signal.aborted) return;
  content.setAttribute("aria-busy", "false");
  focusHeading(context);
  restore(context, state);
}

/** Throws why a page's module has not come: the answer to an import is not told, the one to a call is. */
async function explain(error) {
  if (isFile()) throw new Error("The exported file does not hold this page.");
  await get(apus + "log-in");
  throw error;
}

function markPlace(path) {
  const kind = path.split("/")[1];
  const place = ["models", "prompts", "tokens", "users", "roles"].includes(kind) ? kind : "experiments";
  for (const node of document.querySelectorAll("header nav a")) {
    if (node.hash === "#/" + (place === "experiments" ? "" : place)) node.setAttribute("aria-current", "true");
    else node.removeAttribute("aria-current");
  }
}

/** Moves the focus to the heading after a click, so that screen readers read it and Tab goes on from there. */
function focusHeading({ first, root }) {
  const focused = document.activeElement;
  if (first || root.contains(focused) || document.querySelector("dialog[open]")) return;
  const heading = root.querySelector("h1") || content;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

let saving;

function saveSoon() {
  clearTimeout(saving);
  saving = setTimeout(save, 150);
}

/** Writes what must be restored into this entry of the history. */
function save() {
  clearTimeout(saving);
  if (!current || current.signal.aborted || content.getAttribute("aria-busy") === "true") return;
  const kept = {};
  for (const [name, { read }] of current.kept) kept[name] = read();
  history.replaceState({ scroll: scrollY, kept }, "");
}

function restore({ kept }, state) {
  if (!state) return;
  for (const [name, { restore: give }] of kept) {
    if (state.kept?.[name] !== undefined) give(state.kept[name]);
  }
  scrollTo(0, state.scroll || 0);
}
