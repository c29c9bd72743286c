/** The start of pages that were exported into one file. */

import { answerBy } from "./api.js";
import { element } from "./dom.js";
import { startTimes, timeNode } from "./format.js";
import { Offline } from "./offline.js";
import { startRouter } from "./router.js";
import { startKeyboard } from "../parts/keyboard.js";

const held = JSON.parse(document.getElementById("apus-export").textContent);
answerBy(new Offline(held));
const start = document.querySelector("header .brand");
start.hash = held.start;
document.getElementById("made").append("Exported ", timeNode(held.made),
  held.left_out ? element("span", {}, ` · left out: ${held.left_out}`) : "");
startKeyboard();
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("content").focus();
});
startTimes();
if (!location.hash) history.replaceState(null, "", held.start);
startRouter();
