/** The start of the pages: keyboard, greeting and router. */

import { watchConnection } from "./connection.js";
import { startTimes } from "./format.js";
import { whenLoaded } from "./later.js";
import { reload, startRouter } from "./router.js";
import { withStyle } from "./styles.js";
import { openJump } from "../parts/jump.js";
import { bindKeys, startKeyboard } from "../parts/keyboard.js";

const showKeys = () => whenLoaded(withStyle("dialogs.css", import("../parts/keyboard-help.js")), ({ showKeys: show }) => show());

startKeyboard();
bindKeys([
  { key: "k", meta: true, label: "Jump to an experiment, run or model", run: openJump },
  { key: "?", label: "Show these keys", run: showKeys },
]);
document.getElementById("jump").addEventListener("click", openJump);
document.getElementById("keys").addEventListener("click", showKeys);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("content").focus();
});
startTimes();
watchConnection(reload);
startRouter();
