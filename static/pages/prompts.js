import { element } from "../core/dom.js";

/** Shows nothing yet. */
export default async function page(context) {
  context.title("prompts");
  context.add(element("h1", {}, "prompts"));
}
