/** Notebooks as cells to read. */

import { element } from "../core/dom.js";
import { markdown } from "./markdown.js";
import { blobAddress } from "./preview-read.js";

const joined = (text) => Array.isArray(text) ? text.join("") : String(text ?? "");
const code = (text, style) => element("pre", { class: "value " + style, tabindex: 0 }, text);

/** @param {object} notebook The JSON of an .ipynb file. */
export function notebookView(notebook, signal) {
  return element("div", { class: "notebook" }, (notebook.cells || []).slice(0, 500).map((cell) => cell.cell_type === "markdown" ? markdown(joined(cell.source))
    : [code(joined(cell.source), "source"), (cell.outputs || []).map((output) => outputView(output, signal))]));
}

function outputView({ text, data, traceback }, signal) {
  const image = data && ["image/png", "image/jpeg"].find((type) => data[type]);
  if (image) {
    try {
      const bytes = Uint8Array.from(atob(joined(data[image])), (letter) => letter.charCodeAt(0));
      return element("img", { class: "picture", alt: joined(data["text/plain"]) || "Output", src: blobAddress(bytes, image, signal) });
    } catch {
      return code("A picture that cannot be read.", "soft");
    }
  }
  // Colours of terminals are left out.
  const said = joined(text ?? data?.["text/plain"] ?? (traceback || []).join("\n")).replace(/\u001b\[[0-9;]*m/g, "");
  return said ? code(said, "") : null;
}
