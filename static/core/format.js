/** How numbers, times and sizes are written. */

import { element } from "./dom.js";

/**
 * A number as text: integers in full, fractions with six digits. "NaN" and "Infinity" may come as strings.
 * @param {number|string|null|undefined} value
 */
export function number(value) {
  if (value === null || value === undefined) return "";
  if (value === "Infinity" || value === Infinity) return "∞";
  if (value === "-Infinity" || value === -Infinity) return "−∞";
  const read = Number(value);
  if (Number.isNaN(read)) return "NaN";
  // MLflow's own store keeps infinities as the largest number there is.
  if (Math.abs(read) === Number.MAX_VALUE) return read > 0 ? "∞" : "−∞";
  return Number.isInteger(read) ? String(read) : String(Number(read.toPrecision(6)));
}

/** A number as a node that names the full value when it is shortened. */
export function numberNode(value) {
  const text = number(value);
  const full = String(value ?? "");
  return element("span", { class: "number", title: text === full ? null : full }, text);
}

/** A number of things: `count(1, "run")` is "1 run", `count(1200, "run")` is "1,200 runs". */
export const count = (amount, noun) => `${String(amount).replace(/\B(?=(\d{3})+$)/g, ",")} ${noun}${amount === 1 ? "" : "s"}`;

/** A length of time in milliseconds: "0.42 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function duration(milliseconds) {
  const seconds = Math.max(0, Number(milliseconds)) / 1000;
  if (seconds < 60) return seconds.toFixed(seconds < 10 ? 2 : 1) + " s";
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor(whole / 3600) % 24} h`;
}

/** Units of time by length in seconds, each with how many of it are too many. */
const units = [["s", 1, 60], ["min", 60, 60], ["h", 3600, 24], ["d", 86400, 60], ["months", 86400 * 30.4, 24], ["years", 86400 * 365.25, Infinity]];

/** How long ago a time was, in one unit that has passed in full: "just now", "5 min ago"; a time to come by the nearest one: "in 30 d". */
export function ago(milliseconds, now = Date.now()) {
  const seconds = (now - Number(milliseconds)) / 1000;
  const future = seconds < -5;
  const distance = Math.abs(seconds);
  if (distance < 5) return "just now";
  const amounts = units.map(([unit, length, limit]) => [unit, (future ? Math.round : Math.floor)(distance / length), limit]);
  const [unit, amount] = amounts.find(([, count, limit]) => count < limit);
  return future ? `in ${amount} ${unit}` : `${amount} ${unit} ago`;
}

// What the browser needs for languages takes tens of milliseconds to load: it is made when it is first used.
const madeOnce = (make) => {
  let made;
  return () => made ??= make();
};
const dateFormat = madeOnce(() => new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" }));
const collator = madeOnce(() => new Intl.Collator("en", { numeric: true }));

/** A time in full, in the reader's own zone and habit. */
export const absolute = (milliseconds) => dateFormat().format(Number(milliseconds));

/** A time relative to now; `startTimes` keeps it true, and gives it the full time as title. */
export function timeNode(milliseconds) {
  if (!Number(milliseconds)) return "";
  const date = new Date(Number(milliseconds));
  if (Number.isNaN(date.getTime())) return "";
  return element("time", { datetime: date.toISOString() }, ago(milliseconds));
}

/** Starts to keep the times of the document up to date, and to say the full one where the pointer is. */
export function startTimes() {
  setInterval(() => { if (!document.hidden) refreshTimes(); }, 30000);
  document.addEventListener("pointerover", ({ target }) => {
    const node = target.closest?.("time[datetime]");
    if (node) node.title = absolute(Date.parse(node.dateTime));
  }, { passive: true });
}

function refreshTimes() {
  for (const node of document.querySelectorAll("time[datetime]")) {
    const text = ago(Date.parse(node.dateTime));
    if (node.textContent !== text) node.textContent = text;
  }
}

/** Items sorted by a field as people sort: digits by value, so that `layer2` is before `layer10`. */
export const byKey = (items, field = "key") => [...(items || [])].sort((one, other) =>
  collator().compare(one[field], other[field]) || (one[field] < other[field] ? -1 : 1));
