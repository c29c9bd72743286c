/** The query of a page's address, `#/path?name=value`: it holds everything that is needed to show the same again. */

/** The path and the query of the part of an address behind `#`. */
export function parseAddress(hash) {
  const text = hash.replace(/^#/, "");
  const mark = text.indexOf("?");
  const path = mark < 0 ? text : text.slice(0, mark);
  const values = new Map();
  for (const pair of mark < 0 ? [] : text.slice(mark + 1).split("&")) {
    const equals = pair.indexOf("=");
    if (equals > 0) values.set(decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1).replaceAll("+", " ")));
  }
  return { path: path || "/", values };
}

/** The ids of the experiments that an address names: `1`, `1,2`, or `["1","2"]` as MLflow's own pages write them. */
export const experimentsOf = (text) => text.replace(/[[\]"\s]/g, "").split(",").filter(Boolean);

/** An address of our own: `addressOf("/compare", { runs: ["a", "b"] })`. Empty values are left out. */
export function addressOf(path, values) {
  const pairs = Object.entries(values || {})
    .map(([name, value]) => [name, Array.isArray(value) ? joinList(value) : value])
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => encodeURIComponent(name) + "=" + readable(value));
  return "#" + path + (pairs.length ? "?" + pairs.join("&") : "");
}

/** A path of encoded parts: `path("experiments", 1, "runs", id)`. */
export const path = (...parts) => "/" + parts.map(encodeURIComponent).join("/");

/** The query of the page that is shown; `set` changes the address without loading anything. */
export class Query {
  constructor(page, values, replace) {
    this.page = page;
    this.values = values;
    this.replace = replace;
  }

  /** The text of a name, or the fallback. */
  get(name, fallback = "") {
    return this.values.get(name) ?? fallback;
  }

  /** The list of a name; absent gives the fallback. */
  list(name, fallback = []) {
    const text = this.values.get(name);
    return text === undefined ? fallback : splitList(text);
  }

  /**
   * Changes values; null, "" and the empty list remove a name.
   * @param {object} changes
   * @param {{push?: boolean}} [options] With push, Back returns to what was before.
   */
  set(changes, { push = false } = {}) {
    for (const [name, value] of Object.entries(changes)) {
      const text = Array.isArray(value) ? joinList(value) : value;
      if (text === null || text === undefined || text === "") this.values.delete(name);
      else this.values.set(name, String(text));
    }
    this.replace(this.address(), push);
  }

  /** The address of this page with some values changed, for links. */
  address(changes) {
    return addressOf(this.page, { ...Object.fromEntries(this.values), ...changes });
  }
}

/** The text of one part of an address; a lone percent sign stays as it is. */
export function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const readable = (value) => encodeURIComponent(value).replace(/%(2F|3A|40|2C|24|5B|5D)/g, decodeURIComponent);
const joinList = (items) => items.map((item) => String(item).replace(/[%,]/g, encodeURIComponent)).join(",");
const splitList = (text) => text.split(",").filter((item) => item !== "").map(decoded);
