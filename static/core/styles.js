/** The style sheets that only some pages need. */

import { address, isFile } from "./api.js";
import { element } from "./dom.js";

const asked = new Map();

/**
 * A module together with the style sheet that it needs, so that nothing is shown without its style.
 * @param {string} name Of the sheet.
 * @param {Promise<object>} module
 */
export const withStyle = (name, module) => Promise.all([module, sheet(name)]).then(([loaded]) => loaded);

/** Resolves when a sheet is there; one that does not come is asked for again at its next use. */
function sheet(name) {
  // A file that was exported holds all of them.
  if (isFile()) return undefined;
  if (!asked.has(name)) asked.set(name, load(name).catch(() => load(name)).catch((error) => {
    asked.delete(name);
    throw error;
  }));
  return asked.get(name);
}

const load = (name) => new Promise((resolve, reject) => {
  const sheet = element("link", { rel: "stylesheet", href: address("static-files/" + name), onload: resolve, onerror() {
    sheet.remove();
    reject(new Error("A part of this page did not load. Check whether the server answers, or log in again."));
  } });
  document.head.append(sheet);
});
