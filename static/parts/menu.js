/** A menu that opens at a button and closes by choice, Escape or a click elsewhere. */

import { element } from "../core/dom.js";

/**
 * @param {HTMLElement} anchor Where it opens.
 * @param {{label: string, run?: () => void, checked?: boolean, danger?: boolean}[]} items Null is a separating line.
 */
export function openMenu(anchor, items) {
  const before = document.activeElement;
  const menu = element("div", { class: "menu", role: "menu", popover: "auto" }, items.map((item) => item ? element("button", {
    type: "button", role: item.checked === undefined ? "menuitem" : "menuitemradio", "aria-checked": item.checked === undefined ? null : String(item.checked),
    class: item.danger ? "quiet item bad" : "quiet item",
    onclick: () => {
      menu.hidePopover();
      item.run();
    } }, element("span", { dir: "auto" }, item.label)) : element("hr", { role: "separator" })));
  document.body.append(menu);
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    if (menu.contains(document.activeElement) || document.activeElement === document.body) before?.focus?.();
    menu.remove();
  });
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...menu.querySelectorAll("button")];
    buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
  });
  addEventListener("hashchange", () => menu.remove(), { once: true });
  menu.showPopover();
  const place = anchor.getBoundingClientRect();
  menu.style.top = Math.max(4, Math.min(place.bottom + 2, innerHeight - menu.offsetHeight - 8)) + "px";
  menu.style.left = Math.max(4, Math.min(place.left, innerWidth - menu.offsetWidth - 8)) + "px";
  menu.querySelector("button")?.focus();
}
