/** Images that a run has logged by step (`log_image`), as series with a slider. */

import { button, element } from "../core/dom.js";

// The client puts key, step, time and an identifier into the name; older clients wrote "%" between them, and all write "#" or "~" for a slash.
const pattern = /^(?:.*\/)?(.+?)[+%]step[+%](-?\d+)[+%]timestamp[+%](\d+)[+%][0-9a-f-]+([+%]compressed)?\.\w+$/i;

/**
 * The series among files, by key, in order of their steps.
 * @param {{path: string}[]} files
 * @returns {Map<string, {step: number, path: string}[]>}
 */
export function imageSeries(files) {
  const series = new Map();
  for (const { path } of files) {
    const match = pattern.exec(path);
    if (!match) continue;
    const key = match[1].replace(/[#~]/g, "/");
    if (!series.has(key)) series.set(key, new Map());
    // Of the small and the full picture of a moment, the full one is shown.
    const moment = match[2] + " " + match[3];
    if (!match[4] || !series.get(key).has(moment)) series.get(key).set(moment, { step: Number(match[2]), time: Number(match[3]), path });
  }
  return new Map([...series].map(([key, images]) => [key, [...images.values()].sort((one, other) => one.step - other.step || one.time - other.time)]));
}

/**
 * Series of one or several runs with one slider for the step.
 * @param {{label: Node|string|null, images: {step: number, path: string}[], file: (path: string) => string}[]} all
 * @param {{step?: number, changed?: (step: number) => void, key: string}} options
 */
export function seriesView(all, { step, changed, key }) {
  const steps = [...new Set(all.flatMap(({ images }) => images.map((image) => image.step)))].sort((one, other) => one - other);
  const slider = element("input", { type: "range", min: 0, max: steps.length - 1, value: 0, "aria-label": "Step", oninput: () => show(Number(slider.value), true) });
  const output = element("output", { class: "number", "aria-live": "polite" });
  const pictures = all.map(({ label, images, file }) => {
    const picture = element("img", { class: "picture", alt: "" });
    const caption = element("figcaption", {}, label);
    return { images, file, picture, node: element("figure", { class: "frame" }, picture, caption) };
  });
  const move = (by) => show(Math.min(Math.max(Number(slider.value) + by, 0), steps.length - 1), true);

  function show(index, told) {
    slider.value = index;
    const now = steps[index];
    output.textContent = `step ${now} (${index + 1} of ${steps.length})`;
    slider.setAttribute("aria-valuetext", "step " + now);
    for (const { images, file, picture, node } of pictures) {
      // A run without a picture of this step shows the one before it.
      const image = images.filter((one) => one.step <= now).at(-1);
      node.classList.toggle("absent", !image || image.step !== now);
      picture.hidden = !image;
      if (image) {
        picture.src = file(image.path);
        picture.alt = `${key} at step ${image.step}`;
      }
    }
    if (told) changed?.(now);
  }
  const first = steps.indexOf(step);
  show(first < 0 ? steps.length - 1 : first, false);
  return element("div", { class: "series" }, element("div", { class: "bar" }, button("‹", () => move(-1), { "aria-label": "Previous step" }), slider,
    button("›", () => move(1), { "aria-label": "Next step" }), output), element("div", { class: "frames" }, pictures.map(({ node }) => node)));
}
