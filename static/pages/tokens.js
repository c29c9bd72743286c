/** The tokens: a user's own ones, or all of them for an admin. */

import { account, hasTokens } from "../core/account.js";
import { address, apus, get, post } from "../core/api.js";
import { button, element, link, name } from "../core/dom.js";
import { timeNode } from "../core/format.js";
import { experimentAddress } from "../core/names.js";
import { askFor } from "../parts/ask.js";
import { pagedList, searchBox } from "../parts/list.js";
import { toast } from "../parts/toast.js";

const day = 86400000;
const ends = [["30", "After 30 days"], ["90", "After 90 days"], ["365", "After a year"], ["7", "After a week"], ["1", "After a day"], ["", "Never"]];
const scopes = { write: "write: create, change and delete too", read: "read: look at things", admin: "admin: look after the server too" };
const step = 200;

/** Whether a token of somebody may end after so many days; without days it never ends. */
const mayEnd = ({ token_lifetime: longest }, days) => !longest || (days && Number(days) * day <= longest);

export default async function page(context) {
  const who = await account;
  const title = who.is_admin ? "Tokens" : "Your tokens";
  context.title(title);
  if (!hasTokens(who)) {
    context.add(element("h1", {}, title), element("p", {}, who.name
      ? "A token of the scope admin, or a log-in as a user, is needed to look after tokens."
      : "This server asks nobody who they are, so that nobody needs a token. It asks when it is started with --require-token or --app-name basic-auth."));
    return;
  }
  const made = element("div");
  const place = element("div");
  context.add(element("div", { class: "bar title" }, element("h1", {}, title), element("span", { class: "space" }),
    searchBox(context, "Search tokens", show), who.makes_tokens && button("New token", create, { class: "primary" })),
  element("p", { class: "soft" }, "A program shows a token in the place of a name and a password. "
    + (who.is_admin ? "These are the tokens of all users, and those that belong to none." : "It can do no more than you.")), made, place);
  let tokens;
  await load();

  async function load() {
    ({ tokens } = await get(apus + "tokens/list", {}, context.signal));
    await show();
  }

  function show() {
    const text = context.query.get("q").toLowerCase();
    const found = tokens.filter(({ name, username = "" }) => [name, username].some((one) => one.toLowerCase().includes(text)));
    const list = pagedList({
      label: title, empty: text ? "No token has this in its name." : "No tokens yet.",
      heads: ["Name", ...(who.is_admin ? ["Owner"] : []), "Scope", "Experiments", "Created", "Ends", "Last used", ""],
      fetchPage: (from = 0) => ({ items: found.slice(from, from + step), next: from + step < found.length ? from + step : undefined }),
      row,
    });
    place.replaceChildren(list.node);
    return list.load();
  }

  function row(token) {
    const { experiment_ids: experiments, expiration_time: end } = token;
    return [name(token.name), ...(who.is_admin ? [token.username ? name(token.username) : element("span", { class: "soft" }, "Nobody")] : []),
      token.scope, experiments ? experiments.length ? experiments.map((id, index) => [index ? ", " : "", link(experimentAddress(id), id)]) : "None any more" : "All",
      { node: timeNode(token.creation_time), class: "short" },
      { node: end ? element("span", { class: end <= Date.now() ? "status FAILED" : null }, timeNode(end)) : "Never", class: "short" },
      { node: timeNode(token.last_used_time) || element("span", { class: "soft" }, "Never"), class: "short" },
      { node: button("Revoke…", () => revoke(token), { "aria-label": `Revoke ${token.name}…` }), class: "short" }];
  }

  async function create() {
    let answer;
    const done = await askFor("New token", [
      { name: "name", label: "Name", required: true, hint: "What it is for, such as the name of a machine or a job." },
      { name: "scope", label: "Scope", options: Object.entries(scopes).filter(([scope]) => scope !== "admin" || who.is_admin), value: "write" },
      { name: "days", label: "It ends", options: ends.filter(([days]) => mayEnd(who, days)), value: "30" },
      { name: "experiments", label: "Only for these experiments", lines: 2, hint: "Names or ids, each in a line of its own. Leave this empty for all." },
    ], "Create", async (values) => {
      const experiments = values.experiments.split("\n").map((one) => one.trim()).filter(Boolean);
      answer = await post(apus + "tokens/create", { name: values.name.trim(), scope: values.scope,
        ...(values.days && { expires_in: Number(values.days) * day }), ...(experiments.length && { experiments }) });
    });
    if (!done) return;
    showNew(answer);
    await load();
  }

  function showNew({ name: chosen, token }) {
    const text = `export MLFLOW_TRACKING_URI=${address("").replace(/\/$/, "")}\nexport MLFLOW_TRACKING_TOKEN=${token}`;
    const lines = element("pre", {}, text);
    const key = element("pre", {}, token);
    const heading = element("h2", { tabindex: -1 }, "The token ", name(chosen), " is made");
    made.replaceChildren(element("section", { class: "made", "aria-label": "The new token" }, heading,
      element("p", {}, "It is shown this one time, because the server keeps no copy of it."), key, button("Copy the token", () => copy(token, key)),
      element("p", {}, "Where the client runs:"), lines, element("div", { class: "bar" }, button("Copy both lines", () => copy(text, lines)),
        button("Done", () => made.replaceChildren()))));
    heading.focus();
  }

  async function revoke({ name: chosen, username = "" }) {
    const done = await askFor("Revoke token", [], "Revoke", () => post(apus + "tokens/revoke", { name: chosen, ...(who.is_admin && { username }) }),
      { text: `Whoever shows “${chosen}” is refused from then on. It cannot be brought back.`, danger: true });
    if (!done) return;
    toast(`Revoked ${chosen}.`);
    await load();
  }
}

/** Browsers give a page of plain http no clipboard; what is selected can be copied there too. */
async function copy(text, node) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(node);
    if (!document.execCommand("copy")) {
      toast("The text is selected. Copy it with the keys or the menu of your browser.");
      return;
    }
  }
  toast("Copied.");
}
