/** The artifacts of runs side by side. */

import { address, apus, get, mlflow } from "../core/api.js";
import { button, element, failure, name } from "../core/dom.js";
import { count } from "../core/format.js";
import { size } from "../core/size.js";
import { diffView } from "./diff.js";
import { fileKind, filePreview } from "./preview-file.js";
import { imageSeries, seriesView } from "./preview-images.js";
import { isText, readWhole, textOf } from "./preview-read.js";

const mostRuns = 20;
const mostDiffBytes = 300000;

/**
 * @param {object} context The address keeps the chosen file as `file`.
 * @param {object[]} all
 * @param {(run: object) => Node} head
 */
export async function compareFiles(context, all, head) {
  const { query, signal } = context;
  const runs = all.slice(0, mostRuns);
  if (runs.length < 2) return element("p", { class: "soft" }, "Two runs are needed.");
  const { files } = await get(apus + "runs/artifacts/compare", { run_ids: runs.map(({ run_id: id }) => id).join(",") }, signal);
  const series = [...imageSeries(files).keys()];
  const plain = files.filter((file) => !imageSeries([file]).size);
  const view = element("div", { class: "preview", role: "region", "aria-label": "Side by side" });
  const list = element("nav", { class: "files-box", "aria-label": "Files" });
  const toggle = button("Equal ones too", () => {
    toggle.setAttribute("aria-pressed", String(toggle.getAttribute("aria-pressed") !== "true"));
    draw();
  }, { "aria-pressed": "false" });
  const fileAddress = (run) => (path) => address("get-artifact", { run_id: run.run_id, path });

  const choice = (path, label, note) => element("li", {}, element("a", {
    href: query.address({ file: path }), class: "file-name", "aria-current": query.get("file") === path ? "true" : null,
    onclick: (event) => {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      query.set({ file: path });
      draw();
      show();
    } }, name(label)), element("span", { class: "soft" }, note));

  function draw() {
    const equal = toggle.getAttribute("aria-pressed") === "true";
    const shown = plain.filter(({ state }) => equal || state !== "same");
    list.replaceChildren(element("p", { class: "bar" }, element("span", { class: "soft space" }, `${shown.length} of ${count(plain.length, "file")}`), toggle),
      element("ul", { class: "files" }, series.map((key) => choice("series:" + key, key, "by step")),
        shown.slice(0, 2000).map(({ path, state, missing_in: missing }) => choice(path, path, state === "missing" ? `not in ${missing.length}` : state))));
  }

  async function show() {
    const path = query.get("file");
    const file = plain.find((one) => one.path === path);
    try {
      if (path.startsWith("series:")) view.replaceChildren(await pictures(path.slice("series:".length)));
      else if (file) view.replaceChildren(await sides(file));
      else view.replaceChildren(element("p", { class: "soft" }, "Choose a file."));
    } catch (error) {
      if (error.name !== "AbortError") view.replaceChildren(failure(error));
    }
  }

  async function pictures(key) {
    const rows = await Promise.all(runs.map(async (run) => {
      const answer = await get(mlflow + "artifacts/list", { run_id: run.run_id, path: "images" }, signal).catch(() => ({}));
      return { label: head(run), images: imageSeries(answer.files || []).get(key) || [], file: fileAddress(run) };
    }));
    const step = query.get("step");
    return seriesView(rows.filter(({ images }) => images.length),
      { key, step: step === "" ? undefined : Number(step), changed: (now) => query.set({ step: String(now) }) });
  }

  /** The difference of two texts, or the previews of all. */
  async function sides({ path, runs: having }) {
    const owners = runs.filter((run) => having.some(({ run_id: id }) => id === run.run_id));
    const title = element("p", {}, element("strong", { class: "key" }, name(path)));
    if (owners.length === 2 && ["text", "json", "markdown", "comma", "tab"].includes(fileKind(path))) {
      const bytes = await Promise.all(owners.map((run) => readWhole(fileAddress(run)(path), mostDiffBytes, signal)));
      if (bytes.every((one) => one && isText(one))) {
        return element("div", {}, title, element("p", { class: "soft" }, "− ", head(owners[0]), "  + ", head(owners[1])), diffView(...bytes.map(textOf)));
      }
    }
    const columns = await Promise.all(owners.map(async (run) => element("div", { class: "side-file" }, element("p", {}, head(run), " ",
      element("span", { class: "soft" }, size(having.find(({ run_id: id }) => id === run.run_id).file_size))),
    await filePreview({ file: fileAddress(run) }, path, signal).catch(failure))));
    return element("div", {}, title, element("div", { class: "sides" }, columns));
  }

  draw();
  await show();
  return element("div", {}, all.length > mostRuns ? element("p", { class: "soft" }, `Of the first ${mostRuns} runs.`) : null, element("div", { class: "artifacts" }, list, view));
}
