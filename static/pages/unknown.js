/** What is shown where an address names nothing. */

import { element, link } from "../core/dom.js";
import { decoded } from "../core/query.js";

export default function page(context) {
  context.title("Unknown address");
  context.add(element("h1", {}, "Nothing is at this address"),
    element("p", {}, element("code", { dir: "auto" }, decoded(location.hash))),
    element("p", {}, "The pages of this server begin at ", link("#/", "experiments"), ", ", link("#/models", "models"),
      " and ", link("#/prompts", "prompts"), "."));
}
