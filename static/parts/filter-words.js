/** What may follow at a place of a filter: keys, comparisons, values, AND. */

import { quote } from "./filter-text.js";
import { isInternal, subject } from "./table-columns.js";

const statuses = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
const texts = ["=", "!=", "LIKE", "ILIKE", "IN"];
const numbers = [">", ">=", "<", "<=", "=", "!="];
const attributeWords = { status: ["=", "!=", "IN"], run_name: texts, user_id: texts, run_id: ["=", "!=", "IN"], start_time: numbers, end_time: numbers };

const token = /\s*(?:('(?:[^']*)'?|"(?:[^"]*)"?)|((?:metrics?|params?|parameters?|tags?|attributes?|attr|run)\s*\.\s*(?:`[^`]*`?|"[^"]*"?|[^\s=<>!,()']*))|(>=|<=|!=|=|<|>|~)|(\()|([^\s=<>!'",()]+)|(,|\)))/gy;

/** The words of a filter up to a place, each with where it begins. */
function words(text) {
  const found = [];
  token.lastIndex = 0;
  for (let match = token.exec(text); match && match[0]; match = token.exec(text)) {
    const kind = ["value", "key", "comparison", "open", "word", "mark"][match.slice(1).findIndex((part) => part !== undefined)];
    const word = match.slice(1).find((part) => part !== undefined);
    found.push({ kind, text: word, from: token.lastIndex - word.length });
    if (token.lastIndex >= text.length) break;
  }
  return found;
}

/**
 * What may stand at the end of a text.
 * @param {string} text The filter up to the cursor.
 * @param {{metrics?: object[], params?: object[], tags?: object[]}} known The keys that runs have.
 * @returns {{from: number, options: {text: string, hint?: string}[]}} The place that an option replaces from.
 */
export function completions(text, known) {
  const all = words(text);
  // A space behind a word ends it.
  const last = all.at(-1);
  const ended = !last || /\s$/.test(text) && !(last.kind === "value" && !isClosed(last.text)) || last.kind === "mark";
  const current = ended ? { kind: "", text: "", from: text.length } : last;
  const before = ended ? all : all.slice(0, -1);
  const previous = before.at(-1);
  const started = before.findLastIndex(({ text: word }) => /^and$/i.test(word)) + 1;
  const clause = before.slice(started);
  const at = (options) => ({ from: current.from, options: narrowed(options, current.text) });

  if (!clause.length) return at(keys(known));
  const key = clause[0];
  const [kind, name] = subjectOf(key.text);
  if (clause.length === 1) return at(comparisons(kind, name).map((word) => ({ text: word })));
  const list = clause.some(({ kind: word }) => word === "open");
  if (previous.kind === "comparison" || previous.kind === "open" || previous.text === "," || /^I?LIKE$/i.test(previous.text)) {
    return at(values(kind, name, known, /LIKE/i.test(previous.text)));
  }
  if (/^IN$/i.test(previous.text)) return at([{ text: "(" }]);
  if (list && previous.text !== ")") return at([{ text: "," }, { text: ")" }]);
  return at([{ text: "AND" }]);
}

/**
 * The first key of a filter that no run has, with the key that was probably meant.
 * @returns {{text: string, meant: string}|null}
 */
export function unknownKey(text, known) {
  const kinds = { metric: "metrics", param: "params", tag: "tags" };
  for (const { kind: word, text: written } of words(text)) {
    const [kind, name] = word === "key" ? subjectOf(written) : [];
    const field = kinds[kind];
    // Where some keys are left out, or some runs were not read, this one may be among them.
    if (!field || !name || !known.runs || known.more_runs || known["more_" + field]) continue;
    if (known[field].some(({ key }) => key === name)) continue;
    const all = Object.entries(kinds).flatMap(([, each]) => known[each].map(({ key }) => ({ key, text: subject(each, key), other: each !== field })));
    const ranked = all.map((one) => ({ ...one, far: distance(one.key.toLowerCase(), name.toLowerCase()) + (one.other ? 0.5 : 0) }))
      .sort((one, other) => one.far - other.far);
    const meant = ranked[0]?.far <= Math.max(1, name.length / 3) + 0.5 ? ranked[0].text : "";
    return { text: written, meant };
  }
  return null;
}

/** The number of letters to insert, remove or change that makes one word of another. */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 0; at < one.length; at += 1) {
    const next = [at + 1];
    for (let to = 0; to < other.length; to += 1) {
      next.push(Math.min(next[to] + 1, row[to + 1] + 1, row[to] + (one[at] === other[to] ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length];
}

const isClosed = (text) => text.length > 1 && text.at(-1) === text[0];

function narrowed(options, typed) {
  const wanted = typed.toLowerCase().replace(/[`"']/g, "");
  if (!wanted) return options.slice(0, 200);
  const plain = (option) => option.text.toLowerCase().replace(/[`"']/g, "");
  const begin = options.filter((option) => plain(option).startsWith(wanted));
  const inside = options.filter((option) => !plain(option).startsWith(wanted) && plain(option).includes(wanted));
  const found = [...begin, ...inside].slice(0, 200);
  return found.length === 1 && found[0].text === typed ? [] : found;
}

function keys({ metrics = [], params = [], tags = [] }) {
  const of = (kind, items) => items.map(({ key, runs }) => ({ text: subject(kind, key), hint: runs ? String(runs) : "" }));
  const [own, internal] = [tags.filter(({ key }) => !isInternal(key)), tags.filter(({ key }) => isInternal(key))];
  return [...of("metrics", metrics), ...of("params", params), ...of("tags", own),
    ...Object.keys(attributeWords).map((key) => ({ text: "attributes." + key })), ...of("tags", internal)];
}

function subjectOf(text) {
  const dot = text.indexOf(".");
  const kind = text.slice(0, dot).trim().toLowerCase().replace(/s$/, "");
  return [{ parameter: "param", attr: "attribute", run: "attribute" }[kind] || kind, text.slice(dot + 1).trim().replace(/^[`"]|[`"]$/g, "")];
}

const comparisons = (kind, name) => kind === "metric" ? numbers : kind === "attribute" ? attributeWords[name] || texts : texts;

function values(kind, name, known, like) {
  if (kind === "attribute" && name === "status") return statuses.map((text) => ({ text: quote(text) }));
  if (kind === "attribute" && /_time$/.test(name)) {
    const spans = [["an hour ago", 1], ["a day ago", 24], ["a week ago", 168], ["30 days ago", 720]];
    return spans.map(([hint, hours]) => ({ text: String(Date.now() - hours * 3600000), hint }));
  }
  const items = kind === "param" ? known.params : kind === "tag" ? known.tags : [];
  const found = (items || []).find(({ key }) => key === name)?.values || [];
  return found.filter((text) => !/['"]/.test(text) || !/'/.test(text) || !/"/.test(text))
    .map((text) => ({ text: quote(like ? `%${text}%` : text) }));
}
