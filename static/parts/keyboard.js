/** Keyboard commands: one listener, and commands that come and go with their page. */

/** The commands that work now. */
export const bound = new Set();

/**
 * Binds commands until the signal is aborted.
 * @param {{key: string, label: string, run: (event: KeyboardEvent) => void, meta?: boolean}[]} commands A `key` is that of
 *   KeyboardEvent; `meta` asks for ⌘ or Ctrl. Without it, commands rest while somebody types.
 * @param {AbortSignal} [signal]
 */
export function bindKeys(commands, signal) {
  for (const command of commands) bound.add(command);
  signal?.addEventListener("abort", () => commands.forEach((command) => bound.delete(command)));
}

const isTyping = (node) => node.isContentEditable || node.tagName === "SELECT" || node.tagName === "TEXTAREA"
  || (node.tagName === "INPUT" && !["checkbox", "radio", "button", "range"].includes(node.type));

/** The name of the key that `meta` asks for. */
export const metaKey = /Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl";

/** Starts to listen. */
export function startKeyboard() {
  const hint = document.querySelector("#jump kbd");
  if (hint) hint.textContent = metaKey + " K";
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey) return;
    const meta = event.metaKey || event.ctrlKey;
    const dialog = document.querySelector("dialog[open], :popover-open");
    // A later command comes first: that of a page before the general one of the same key.
    const command = [...bound].reverse().find(({ key, meta: asked }) => key === event.key && Boolean(asked) === meta);
    if (!command || (!meta && (dialog || isTyping(event.target)))) return;
    event.preventDefault();
    command.run(event);
  });
}
