/** The preview of one file. Nothing that a file holds is run. */

import { button, element, failure } from "../core/dom.js";
import { size } from "../core/size.js";
import { markdown } from "./markdown.js";
import { notebookView } from "./preview-notebook.js";
import { blobAddress, headBytes, isText, readPart, readWhole, textOf } from "./preview-read.js";
import { readSeparated, readTable, tableView } from "./preview-table.js";

const mostBytes = 20e6;
const kinds = {
  image: "png jpg jpeg gif webp bmp ico avif apng", svg: "svg", audio: "mp3 wav ogg oga flac m4a aac opus", video: "mp4 webm mov m4v ogv",
  pdf: "pdf", html: "html htm", notebook: "ipynb", json: "json", comma: "csv", tab: "tsv", markdown: "md markdown",
};
const kindOf = new Map(Object.entries(kinds).flatMap(([kind, endings]) => endings.split(" ").map((ending) => [ending, kind])));

/** The kind of a file by its name: a key of the previews, or "text". */
export const fileKind = (path) => kindOf.get(/\.(\w+)$/.exec(path)?.[1].toLowerCase()) || "text";

/**
 * @param {{file: (path: string) => string}} source
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<Node>}
 */
export async function filePreview(source, path, signal) {
  const address = source.file(path);
  if (!address) throw new Error("The file was left out when these pages were exported: it is long, or there were too many.");
  const failed = (kind) => () => node.replaceChildren(element("p", { class: "soft" }, `The browser cannot show this ${kind}.`));
  const node = element("div", {});
  const kind = fileKind(path);
  if (kind === "image") node.append(element("img", { class: "picture", src: address, alt: path, onerror: failed("picture") }));
  else if (kind === "audio") node.append(element("audio", { controls: true, src: address, onerror: failed("sound") }));
  else if (kind === "video") node.append(element("video", { class: "picture", controls: true, src: address, onerror: failed("film") }));
  else node.append(await (previews[kind] || textView)(address, signal, source));
  return node;
}

const previews = {
  async svg(address, signal) {
    const bytes = await whole(address, signal);
    // In an image, scripts of a drawing do not run and nothing is loaded.
    return element("img", { class: "picture", alt: "Drawing", src: blobAddress(bytes, "image/svg+xml", signal) });
  },
  async pdf(address, signal) {
    const bytes = await whole(address, signal);
    return element("iframe", { class: "page-frame", title: "Document", src: blobAddress(bytes, "application/pdf", signal) });
  },
  async html(address, signal) {
    const text = textOf(await whole(address, signal));
    const frame = element("iframe", { class: "page-frame", title: "Page", sandbox: true, referrerpolicy: "no-referrer" });
    frame.srcdoc = text;
    return sideBySide("Page", [frame, element("p", { class: "soft" }, "Shown without its scripts and styles; nothing is loaded from elsewhere.")], text);
  },
  async notebook(address, signal) {
    return parsed(address, signal, (value) => notebookView(value, signal));
  },
  async json(address, signal, source) {
    return parsed(address, signal, (value, text) => {
      const table = readTable(value);
      const pretty = code(JSON.stringify(value, null, 2));
      return table ? sideBySide("Table", [tableView(table, (cell) => pictureOf(cell, source))], text) : pretty;
    });
  },
  comma: (address, signal) => separated(address, signal, ","),
  tab: (address, signal) => separated(address, signal, "\t"),
  async markdown(address, signal) {
    const { bytes, total } = await readPart(address, 0, headBytes, signal);
    return total > bytes.length ? textView(address, signal) : sideBySide("Text", [markdown(textOf(bytes))], textOf(bytes));
  },
};

/** A cell of `log_table` that names a picture. */
function pictureOf(cell, source) {
  const path = cell.type === "image" && (cell.compressed_filepath || cell.filepath);
  return path ? element("img", { class: "picture small", loading: "lazy", src: source.file(path), alt: path }) : null;
}

async function whole(address, signal) {
  const bytes = await readWhole(address, mostBytes, signal);
  if (!bytes) throw new Error(`Files above ${size(mostBytes)} of this kind have no preview.`);
  return bytes;
}

async function parsed(address, signal, view) {
  const bytes = await readWhole(address, 4e6, signal);
  if (!bytes) return textView(address, signal);
  const text = textOf(bytes);
  try {
    // Python writes NaN and infinities where JSON has no word for them.
    return view(JSON.parse(text.replace(/([[:,]\s*)(NaN|-?Infinity)(?=\s*[,}\]])/g, '$1"$2"')), text);
  } catch {
    return code(text);
  }
}

async function separated(address, signal, separator) {
  const { bytes, total } = await readPart(address, 0, 2e6, signal);
  const text = textOf(bytes);
  if (!isText(bytes)) return textView(address, signal);
  const rows = readSeparated(text, separator);
  const cut = total > bytes.length;
  if (cut) rows.pop();
  return sideBySide("Table", [tableView({ columns: rows[0] || [], rows: rows.slice(1), cut })], text);
}

const code = (text) => element("pre", { class: "file", tabindex: 0, dir: "auto" }, text);

/** A view of a file, and its text behind a switch. */
function sideBySide(label, view, text) {
  const place = element("div", {}, view);
  const source = button("Source", () => {
    const on = source.getAttribute("aria-pressed") !== "true";
    source.setAttribute("aria-pressed", String(on));
    place.replaceChildren(...on ? [code(text.slice(0, headBytes))] : view);
  }, { class: "quiet", "aria-pressed": "false", title: `${label} or source` });
  return element("div", {}, element("div", { class: "actions" }, source), place);
}

/** A text by its head; more of it on demand. */
async function textView(address, signal) {
  let { bytes, total } = await readPart(address, 0, headBytes, signal);
  if (!isText(bytes)) return element("p", { class: "soft" }, "This kind of file has no preview.");
  const decoder = new TextDecoder();
  const text = code(decoder.decode(bytes, { stream: true }));
  let shown = bytes.length;
  const place = element("p", { class: "soft bar" });
  const more = button("Show more", () => load(shown, shown + headBytes));
  const end = button("Show the end", () => {
    text.replaceChildren();
    load(Math.max(0, total - headBytes), total);
  });
  async function load(from, to) {
    try {
      ({ bytes, total } = await readPart(address, from, to - from, signal));
      text.append(from === shown ? decoder.decode(bytes, { stream: true }) : textOf(bytes));
      shown = from + bytes.length;
      draw();
      if (to === total) text.scrollTop = text.scrollHeight;
    } catch (error) {
      if (error.name !== "AbortError") place.replaceChildren(failure(error));
    }
  }
  function draw() {
    place.replaceChildren(shown < total ? `${size(shown)} of ${size(total)} ` : "", shown < total ? more : "", shown < total ? end : "");
  }
  draw();
  return element("div", {}, text, place);
}
