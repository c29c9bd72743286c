/** The signature of a model, read from its MLmodel file. */

import { element } from "../core/dom.js";

/**
 * The signature in the text of an MLmodel file: `{ inputs, outputs, params }`, lists of columns; null when there is none.
 * The file is YAML; the values that matter are JSON in quoted scalars, which may be folded over lines.
 */
export function readSignature(text) {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => /^signature:\s*$/.test(line));
  if (start < 0) return null;
  const found = {};
  let key = null;
  for (const line of lines.slice(start + 1)) {
    const begin = /^ {2}(\w+):\s?(.*)$/.exec(line);
    if (begin) {
      key = begin[1];
      found[key] = begin[2];
    } else if (/^ {3,}/.test(line) && key) {
      found[key] += " " + line.trim();
    } else if (/^\S/.test(line)) {
      break;
    }
  }
  const parsed = Object.fromEntries(Object.entries(found).map(([name, scalar]) => [name, parsedScalar(scalar.trim())]));
  return Object.values(parsed).some(Boolean) ? parsed : null;
}

function parsedScalar(scalar) {
  try {
    if (scalar.startsWith("'")) return JSON.parse(scalar.slice(1, -1).replaceAll("''", "'"));
    if (scalar.startsWith('"')) return JSON.parse(JSON.parse(scalar.replace(/\\ /g, " ")));
    return JSON.parse(scalar);
  } catch {
    return null;
  }
}

/** The tables of a signature. */
export function signatureSection(signature) {
  const parts = ["inputs", "outputs", "params"].filter((part) => signature[part]?.length);
  return element("section", { "aria-label": "Signature" }, element("h2", {}, "Signature"), parts.map((part) => [
    element("h3", {}, part[0].toUpperCase() + part.slice(1)),
    element("div", { class: "scroll" }, element("table", { class: "pairs", "aria-label": part }, element("tbody", {}, signature[part].map((column, index) =>
      element("tr", {}, element("th", { scope: "row", class: "key" }, String(column.name ?? index)), element("td", { class: "key" }, typeOf(column)),
        element("td", { class: "soft" }, column.required === false ? "optional" : "default" in column ? "default " + JSON.stringify(column.default) : "")))))),
  ]));
}

function typeOf(column) {
  if (column.type === "tensor") return `${column["tensor-spec"]?.dtype} (${column["tensor-spec"]?.shape?.join(", ")})`;
  if (column.type === "array") return `array of ${typeOf(column.items || {})}`;
  if (column.type === "object") return `object { ${Object.entries(column.properties || {}).map(([name, inner]) => `${name}: ${typeOf(inner)}`).join(", ")} }`;
  return column.type || "any";
}
