/** Exports what is shown: as one file that opens without a server, or as the data itself. */

import { address, apus, fetchAnswer } from "../core/api.js";
import { attempt, toast } from "./toast.js";

/**
 * Has the server make a file of runs or of a table, and the browser keep it.
 * @param {{run_ids: string[]}|{experiment_ids: string[], filter?: string, run_view_type?: string}} what
 * @param {string} name The name of the file without its ending.
 * @param {AbortSignal} signal
 */
export async function exportFile(what, name, signal) {
  toast("Exporting…");
  await attempt(async () => {
    const response = await fetchAnswer("POST", apus + "export/html", what, signal);
    const made = URL.createObjectURL(await response.blob());
    const saver = document.createElement("a");
    saver.href = made;
    saver.download = name.replace(/[\u0000-\u001f\u007f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "_").slice(0, 100) + ".html";
    saver.click();
    setTimeout(() => URL.revokeObjectURL(made), 60000);
  });
}

/**
 * Has the browser keep a file while the server makes it.
 * @param {"archive"|"table"} kind
 * @param {{run_ids: string}|{experiment_ids: string}} what
 */
export function downloadExport(kind, what) {
  const saver = document.createElement("a");
  saver.href = address(`${apus}export/${kind}`, what);
  // The server names the file.
  saver.download = "";
  saver.click();
}
