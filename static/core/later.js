/** What is loaded when somebody uses it. */

let latest = 0;

// Who leaves the page or presses Escape does not want any more what is still loading.
addEventListener("hashchange", () => latest++);
addEventListener("keydown", ({ key }) => { if (key === "Escape") latest++; }, true);

/**
 * Uses a module when it has come, unless its reader has left the page, pressed Escape or asked for something else meanwhile.
 * Of several quick clicks only the last one opens something.
 * @param {Promise<object>} loading
 * @param {(module: object) => void} use
 */
export async function whenLoaded(loading, use) {
  const mine = ++latest;
  const module = await loading;
  if (mine === latest) use(module);
}
