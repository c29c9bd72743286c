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

/** Resolves when a sheet is there; what needs one that does not come is shown without it. */
function sheet(name) {
  // A file that was exported holds all of them.
  if (isFile()) return undefined;
  if (!asked.has(name)) asked.set(name, new Promise((resolve) => {
    document.head.append(element("link", { rel: "stylesheet", href: address("static-files/" + name), onload: resolve, onerror: resolve }));
  }));
  return asked.get(name);
}
