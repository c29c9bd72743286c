/** The artifacts of a run or a model: a tree of files, and beside it what the chosen file holds. */

import { get } from "../core/api.js";
import { button, element, failure, name } from "../core/dom.js";
import { count } from "../core/format.js";
import { size } from "../core/size.js";
import { filePreview } from "./preview-file.js";
import { imageSeries, seriesView } from "./preview-images.js";

/** The prefix that marks the key of a series of images where the address otherwise names a file. */
const seriesMark = "series:";

/**
 * @param {object} context Of the page; the address keeps the chosen file as `file`.
 * @param {object} source
 * @param {(query: object) => string} source.folder The address of a folder's list.
 * @param {(path: string) => string} source.file The address of a file.
 * @param {string} source.pathName How the query of `folder` names the path.
 * @param {(path: string) => string} [source.archive] The address of a folder as one archive.
 * @returns {HTMLElement}
 */
export function artifacts(context, source) {
  const { query, signal } = context;
  const view = element("div", { class: "preview", role: "region", "aria-label": "Preview", tabindex: -1 });
  const tree = element("nav", { class: "files-box", "aria-label": "Files" });
  const series = new Map();
  const empty = new Set();
  const node = element("div", { class: "artifacts" }, tree, view);
  let showing = 0;
  const chosen = query.get("file") || (context.params.rest[0] === "artifacts" ? context.params.rest.slice(1).join("/") : "");
  tree.append(source.archive ? element("a", { class: "soft", href: source.archive(""), download: true }, "Download all") : "", folderNode(""));
  if (chosen && !chosen.startsWith(seriesMark)) show(chosen);
  else view.append(element("p", { class: "soft" }, "Choose a file to see what it holds."));

  function folderNode(path) {
    const list = element("ul", { class: "files", "aria-label": path ? null : "Files" });
    load(list, path);
    return list;
  }

  async function load(list, path, token) {
    try {
      const answer = await get(source.folder({ ...(path && { [source.pathName]: path }), ...(token && { page_token: token }) }), {}, signal);
      const files = answer.files || [];
      const found = imageSeries(files);
      for (const [key, images] of found) series.set(key, (series.get(key) || []).concat(images));
      for (const key of found.keys()) if (!list.querySelector(`[data-file="${CSS.escape(seriesMark + key)}"]`)) list.append(seriesItem(key));
      const inSeries = new Set(imagePaths(files));
      list.append(...files.filter((file) => !inSeries.has(file.path)).map(fileItem));
      if (!files.length && !token) list.append(element("li", { class: "soft" }, path ? "Empty." : "No artifacts."));
      if (answer.next_page_token) {
        const more = element("li", {}, button("More files", () => {
          more.remove();
          load(list, path, answer.next_page_token);
        }));
        list.append(more);
      }
      if (chosen.startsWith(seriesMark) && found.has(chosen.slice(seriesMark.length)) && !showing) show(chosen);
      mark(query.get("file") || chosen);
    } catch (error) {
      if (error.name !== "AbortError") list.append(element("li", {}, failure(error)));
    }
  }

  function fileItem(file) {
    const label = file.path.split("/").pop();
    if (!file.is_dir && !Number(file.file_size)) empty.add(file.path);
    if (!file.is_dir) return element("li", {}, choice(file.path, label), element("span", { class: "soft number" }, size(file.file_size || 0)));
    const inside = element("div");
    const around = chosen.startsWith(file.path + "/") || (chosen.startsWith(seriesMark) && file.path === "images");
    const open = () => { if (!inside.firstChild) inside.append(folderNode(file.path)); };
    const details = element("details", { ontoggle: () => details.open && open() }, element("summary", {}, name(label + "/"),
      source.archive && element("a", { class: "soft zip", href: source.archive(file.path), download: true, "aria-label": `Download ${label} as zip` }, "zip")), inside);
    if (around) details.open = true;
    return element("li", {}, details);
  }

  const seriesItem = (key) => element("li", {}, choice(seriesMark + key, key), element("span", { class: "soft" }, "by step"));

  const choice = (path, label) => element("a", { href: query.address({ file: path }), "data-file": path, class: "file-name", onclick: (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    query.set({ file: path, step: null });
    show(path);
  } }, name(label));

  function mark(path) {
    for (const item of tree.querySelectorAll("[data-file]")) {
      if (item.dataset.file === path) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    }
  }

  async function show(path) {
    const round = ++showing;
    mark(path);
    const isSeries = path.startsWith(seriesMark);
    const title = isSeries ? path.slice(seriesMark.length) : path;
    const head = element("div", { class: "bar" }, element("strong", { class: "space key", dir: "auto" }, name(title)),
      !isSeries && source.file(path) && element("a", { href: source.file(path), download: title.split("/").pop() }, "Download"));
    const place = element("div", { "aria-busy": "true" });
    view.replaceChildren(head, place);
    try {
      const content = isSeries ? seriesOf(title) : empty.has(path) ? element("p", { class: "soft" }, "The file is empty.") : await filePreview(source, path, signal);
      if (round === showing) place.replaceChildren(content);
    } catch (error) {
      if (error.name !== "AbortError" && round === showing) place.replaceChildren(failure(error));
    }
    place.removeAttribute("aria-busy");
    if (round === showing) context.announce("Preview of " + title);
  }

  function seriesOf(key) {
    const images = series.get(key) || [];
    const step = query.get("step");
    const view = seriesView([{ label: null, images, file: source.file }],
      { key, step: step === "" ? undefined : Number(step), changed: (now) => query.set({ step: String(now) }) });
    view.append(element("p", { class: "soft" }, count(images.length, "image")));
    return view;
  }

  return node;
}

const imagePaths = (files) => files.filter((file) => imageSeries([file]).size).map(({ path }) => path);
