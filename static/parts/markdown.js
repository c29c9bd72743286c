/**
 * Markdown for notes: headings, paragraphs, lists, tasks, tables, quotes, code, emphasis, links, rules. HTML in it stays text, pictures become
 * links, and links lead to http(s) only. Nothing here makes a document from text but by `element`.
 */

import { element } from "../core/dom.js";

const mostDepth = 8;

/**
 * @param {string} text
 * @returns {HTMLElement}
 */
export const markdown = (text) => element("div", { class: "markdown" }, blocks(String(text).replace(/\r\n?/g, "\n").split("\n"), 0));

const fence = /^ {0,3}(```+|~~~+)\s*([^`]*)$/;
const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const rule = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
const item = /^(\s*)([-*+]|\d{1,9}[.)])(\s+)(.*)$/;
const quote = /^ {0,3}> ?/;
const divider = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const begins = (line) => [fence, heading, rule, item, quote].some((kind) => kind.test(line));

/** The blocks that lines make. */
function blocks(lines, depth) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    let match;
    if (!line.trim()) {
      at += 1;
    } else if (depth >= mostDepth) {
      found.push(element("p", {}, lines.slice(at).join("\n")));
      return found;
    } else if ((match = fence.exec(line))) {
      let end = at + 1;
      while (end < lines.length && !lines[end].trim().startsWith(match[1])) end += 1;
      found.push(element("pre", { class: "value", tabindex: 0 }, element("code", {}, lines.slice(at + 1, end).join("\n"))));
      at = end + 1;
    } else if ((match = heading.exec(line))) {
      // The page has headings of its own above these.
      found.push(element("h" + Math.min(6, match[1].length + 2), {}, inline(match[2])));
      at += 1;
    } else if (rule.test(line)) {
      found.push(element("hr", {}));
      at += 1;
    } else if (quote.test(line)) {
      let end = at;
      while (end < lines.length && quote.test(lines[end])) end += 1;
      found.push(element("blockquote", {}, blocks(lines.slice(at, end).map((one) => one.replace(quote, "")), depth + 1)));
      at = end;
    } else if (item.test(line)) {
      at = list(lines, at, depth, found);
    } else if (line.includes("|") && at + 1 < lines.length && divider.test(lines[at + 1]) && lines[at + 1].includes("-")) {
      at = table(lines, at, found);
    } else {
      let end = at + 1;
      while (end < lines.length && lines[end].trim() && !begins(lines[end])) end += 1;
      found.push(element("p", {}, lines.slice(at, end).flatMap((one, index) => [index && / {2}$|\\$/.test(lines[at + index - 1]) ? element("br") : index ? "\n" : "",
        ...inline(one.replace(/\\$/, "").trim())])));
      at = end;
    }
  }
  return found;
}

/** A list from a line on; its items hold blocks. @returns {number} The line behind it. */
function list(lines, start, depth, found) {
  const [, indent, mark] = item.exec(lines[start]);
  const ordered = /\d/.test(mark);
  const made = element(ordered ? "ol" : "ul", { start: ordered && parseInt(mark, 10) !== 1 ? parseInt(mark, 10) : null });
  let at = start;
  while (at < lines.length) {
    const match = item.exec(lines[at]);
    if (!match || match[1].length > indent.length + 1 || match[1].length < indent.length || /\d/.test(match[2]) !== ordered) break;
    const width = match[1].length + match[2].length + match[3].length;
    const inside = [match[4]];
    at += 1;
    while (at < lines.length) {
      const line = lines[at];
      const room = line.length - line.trimStart().length;
      const goesOn = line.trim() ? room >= Math.min(width, indent.length + 2) || !begins(line) && lines[at - 1].trim()
        : at + 1 < lines.length && /^\s/.test(lines[at + 1]) && lines[at + 1].trim();
      if (!goesOn) break;
      inside.push(line.slice(Math.min(room, width)));
      at += 1;
    }
    const task = /^\[([ xX])\]\s+/.exec(inside[0]);
    if (task) inside[0] = inside[0].slice(task[0].length);
    const content = blocks(inside, depth + 1);
    const tight = content.length && content[0].tagName === "P" ? [...content[0].childNodes] : [content.shift()];
    made.append(element("li", { class: task ? "task" : null }, task && element("input", { type: "checkbox", disabled: true, "aria-label": "Done", checked: task[1] !== " " }),
      tight, content.filter((node) => node.childNodes.length || node.tagName === "HR")));
    while (at + 1 < lines.length && !lines[at].trim() && item.test(lines[at + 1])) at += 1;
  }
  found.push(made);
  return at;
}

function table(lines, start, found) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
  const sides = cells(lines[start + 1]).map((cell) => cell.endsWith(":") ? "number" : null);
  let end = start + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const row = (line, kind) => element("tr", {}, cells(line).slice(0, sides.length).map((cell, index) => element(kind, { class: sides[index] }, inline(cell))));
  found.push(element("div", { class: "scroll" }, element("table", {}, element("thead", {}, row(lines[start], "th")),
    element("tbody", {}, lines.slice(start + 2, end).map((line) => row(line, "td"))))));
  return end;
}

const spans = [
  [/^(`+)(.+?)\1(?!`)/, (match) => element("code", {}, match[2].trim())],
  [/^!?\[((?:[^[\]\\]|\\.){0,1000})\]\(\s*<?([^\s<>)]+)>?(?:\s+"[^"]*")?\s*\)/, (match, depth) => anchor(match[2], inline(match[1] || match[2], depth + 1))],
  [/^<(https?:\/\/[^\s<>]+)>/, (match) => anchor(match[1], match[1])],
  [/^https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]*_]/, (match) => anchor(match[0], match[0])],
  [/^(\*\*|__)(?=\S)(.+?)(?<=\S)\1/, (match, depth) => element("strong", {}, inline(match[2], depth + 1))],
  [/^([*_])(?=\S)(.+?)(?<=\S)\1(?!\w)/, (match, depth) => element("em", {}, inline(match[2], depth + 1))],
  [/^~~(?=\S)(.+?)(?<=\S)~~/, (match, depth) => element("del", {}, inline(match[1], depth + 1))],
];

/** The nodes of a line: text, code, links and emphasis. Very long lines stay text. */
function inline(text, depth = 0) {
  if (depth >= mostDepth || text.length > 10000) return [text];
  const found = [];
  let plain = "";
  let at = 0;
  const flush = () => {
    if (plain) found.push(plain);
    plain = "";
  };
  while (at < text.length) {
    const next = text.slice(at).search(/[\\`![<*_~]|https?:\/\//);
    if (next < 0) break;
    plain += text.slice(at, at + next);
    at += next;
    const rest = text.slice(at);
    if (rest[0] === "\\" && /^\\[!-/:-@[-`{-~]/.test(rest)) {
      plain += rest[1];
      at += 2;
      continue;
    }
    // An underscore inside a word is part of it.
    const inWord = rest[0] === "_" && /\w/.test(text[at - 1] || "");
    const span = inWord ? null : spans.map(([pattern, make]) => [pattern.exec(rest), make]).find(([match]) => match);
    if (span) {
      flush();
      found.push(span[1](span[0], depth));
      at += span[0][0].length;
    } else {
      plain += rest[0];
      at += 1;
    }
  }
  plain += text.slice(at);
  flush();
  return found;
}

const anchor = (href, content) => /^https?:\/\//i.test(href) ? element("a", { href, rel: "noopener noreferrer", target: "_blank" }, content)
  : element("span", { title: href }, content);
