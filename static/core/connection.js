/** Says that the server does not answer, and brings the page up to date when it does again. */

import { address, apus, get, onSilence, reach } from "./api.js";
import { element } from "./dom.js";

const every = 2000;
let banner = null;
let timer;

/** @param {() => void} reload Shows the page again. */
export function watchConnection(reload) {
  onSilence(lost);
  // A page that asks for nothing would not notice: it looks when its reader comes back to it.
  addEventListener("focus", async () => { if (!banner) await answers(); });
  // A module that did not come may be a sign too, of a server that is away or of a log-in that has ended.
  addEventListener("unhandledrejection", async () => {
    if (!banner && await answers()) get(apus + "log-in").catch(() => {});
  });
  document.addEventListener("visibilitychange", () => { if (banner) ask(); });

  function lost() {
    if (banner) return;
    banner = element("p", { class: "banner", role: "alert" },
      "The server does not answer. What you see may be out of date; this page goes on when the server is there again.");
    document.querySelector("header").after(banner);
    timer = setTimeout(ask, every);
  }

  async function ask() {
    clearTimeout(timer);
    if (document.hidden) return;
    if (!await answers()) {
      clearTimeout(timer);
      timer = setTimeout(ask, every);
      return;
    }
    if (!banner) return;
    banner.remove();
    banner = null;
    // What somebody is writing stays.
    if (!document.querySelector("dialog[open]") && !document.activeElement?.matches("textarea, input:not([type=checkbox], [type=range])")) reload();
  }
}

/** Whether the server answers. */
async function answers() {
  try {
    return (await reach(address("version"), { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
