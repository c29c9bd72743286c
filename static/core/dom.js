/** Builds the document. Data enters it as text only: no function here takes HTML. */

/**
 * An element with attributes and children.
 * @param {string} name
 * @param {object} attributes `onclick` and the like take a function; `style` takes an object; true is an attribute without
 *   value; null, undefined and false leave the attribute out; `href` and `src` refuse what is not http(s) or our own.
 * @param {...(Node|string|number|null|undefined|Array)} children Strings become text; null and undefined are left out.
 * @returns {HTMLElement}
 */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "style") Object.assign(made.style, value);
    else if (key !== "href" && key !== "src") made.setAttribute(key, value === true ? "" : value);
    else if (isSafe(value)) made.setAttribute(key, value);
  }
  append(made, children);
  return made;
}

/** Appends children as `element` does. */
export function append(parent, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, child);
    else if (child !== null && child !== undefined && child !== false) parent.append(child);
  }
}

/** Whether an address may be followed: one of our own, or http(s); never `javascript:` or `data:`. */
function isSafe(address) {
  try {
    return String(address).startsWith("#") || ["http:", "https:", "blob:"].includes(new URL(address, document.baseURI).protocol);
  } catch {
    return false;
  }
}

/** A link; the text of a name goes through `name`, so that right-to-left names do not disturb their line. */
export const link = (href, ...children) => element("a", { href }, ...children);

/** A name that somebody chose, isolated from the direction of the text around it. */
export const name = (text) => element("bdi", {}, String(text));

/** A text in which addresses of http(s) are links; everything else stays text. */
export function linked(text) {
  const parts = String(text).split(/(https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]])/);
  return parts.map((part, index) => index % 2
    ? element("a", { href: part, rel: "noopener noreferrer", target: "_blank" }, part) : part);
}

/** A button of the given label. */
export const button = (label, onclick, attributes) => element("button", { type: "button", onclick, ...attributes }, label);

/** The message of a failure, announced at once. */
export const failure = (error) => element("p", { class: "error", role: "alert", dir: "auto" }, error.message || String(error));

/** A list of facts: pairs of a name and a value; pairs without a value are left out. */
export const facts = (pairs) => element("dl", { class: "facts" }, pairs
  .filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false)
  .map(([label, value]) => element("div", {}, element("dt", {}, label), element("dd", {}, value))));
