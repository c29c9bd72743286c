import { element } from "../core/dom.js";

/** Shows nothing yet. */
export default async function page(context) {
  context.title("run");
  context.add(element("h1", {}, "run"));
}
