/** The difference of two texts, line by line. */

import { element } from "../core/dom.js";

/**
 * The lines of two texts in one sequence: `["same" | "gone" | "new", line]`. Above a million comparisons the middle counts as changed.
 * @returns {[string, string][]}
 */
function lineDiff(before, after) {
  const one = before.split("\n");
  const two = after.split("\n");
  let head = 0;
  while (head < one.length && head < two.length && one[head] === two[head]) head += 1;
  let tail = 0;
  while (tail < one.length - head && tail < two.length - head && one[one.length - 1 - tail] === two[two.length - 1 - tail]) tail += 1;
  const same = (lines) => lines.map((line) => ["same", line]);
  return [...same(one.slice(0, head)), ...middle(one.slice(head, one.length - tail), two.slice(head, two.length - tail)),
    ...same(one.slice(one.length - tail))];
}

/** The longest common subsequence of lines decides what stays. */
function middle(one, two) {
  const rows = one.length + 1;
  const columns = two.length + 1;
  if (rows * columns > 1e6) return [...one.map((line) => ["gone", line]), ...two.map((line) => ["new", line])];
  const lengths = new Uint32Array(rows * columns);
  for (let row = one.length - 1; row >= 0; row -= 1) {
    for (let column = two.length - 1; column >= 0; column -= 1) {
      lengths[row * columns + column] = one[row] === two[column] ? lengths[(row + 1) * columns + column + 1] + 1
        : Math.max(lengths[(row + 1) * columns + column], lengths[row * columns + column + 1]);
    }
  }
  const found = [];
  let row = 0;
  let column = 0;
  while (row < one.length || column < two.length) {
    if (row < one.length && column < two.length && one[row] === two[column]) {
      found.push(["same", one[row]]);
      row += 1;
      column += 1;
    } else if (column >= two.length || (row < one.length && lengths[(row + 1) * columns + column] >= lengths[row * columns + column + 1])) {
      found.push(["gone", one[row]]);
      row += 1;
    } else {
      found.push(["new", two[column]]);
      column += 1;
    }
  }
  return found;
}

/** The difference of two texts as a block. */
export const diffView = (before, after) => element("div", { class: "diff scroll", tabindex: 0, role: "group", "aria-label": "Difference" },
  lineDiff(before, after).map(([kind, line]) => element(kind === "new" ? "ins" : kind === "gone" ? "del" : "div", { class: kind, dir: "auto" }, line || " ")));
