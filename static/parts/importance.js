/** How much params matter for a metric: rank correlation and a small random forest. */

const trees = 60;
const mostDepth = 6;
const leastLeaf = 2;

/** Ranks with ties at their mean. */
function ranks(values) {
  const order = values.map((_, index) => index).sort((one, other) => values[one] - values[other]);
  const found = new Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]] === values[order[from]]) to += 1;
    for (let at = from; at <= to; at += 1) found[order[at]] = (from + to) / 2;
    from = to + 1;
  }
  return found;
}

/** Spearman's rank correlation over the places where both are finite; NaN when one of them does not vary. */
export function correlation(one, other) {
  const both = one.map((_, index) => index).filter((index) => Number.isFinite(one[index]) && Number.isFinite(other[index]));
  if (both.length < 3) return NaN;
  const [left, right] = [ranks(both.map((index) => one[index])), ranks(both.map((index) => other[index]))];
  const mean = (both.length - 1) / 2;
  const sum = (read) => left.reduce((total, _, index) => total + read(left[index] - mean, right[index] - mean), 0);
  return sum((a, b) => a * b) / Math.sqrt(sum((a) => a * a) * sum((_, b) => b * b));
}

/** Numbers between 0 and 1 that are the same each time. */
function sequence(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * The share of each feature in what a random forest explains: the variance that its splits take away, over all trees.
 * @param {number[][]} features Values by feature, then by run; finite.
 * @param {number[]} target
 * @returns {number[]} Shares that add up to 1, or zeros when nothing is explained.
 */
function forestShares(features, target) {
  const random = sequence(7);
  const shares = new Array(features.length).fill(0);
  for (let tree = 0; tree < trees; tree += 1) {
    const sample = target.map(() => Math.floor(random() * target.length));
    grow(sample, 0);
  }
  const total = shares.reduce((sum, share) => sum + share, 0);
  return total ? shares.map((share) => share / total) : shares;

  function grow(rows, depth) {
    if (depth >= mostDepth || rows.length < 2 * leastLeaf) return;
    let best = null;
    features.forEach((values, feature) => {
      // Each split looks at about two thirds of the features, so that one strong feature does not hide those that go with it.
      if (features.length > 2 && random() > 0.66) return;
      const split = bestSplit(rows, values, target);
      if (split && (!best || split.gain > best.gain)) best = { ...split, feature, values };
    });
    if (!best || best.gain <= 1e-12) return;
    shares[best.feature] += best.gain;
    grow(rows.filter((row) => best.values[row] <= best.at), depth + 1);
    grow(rows.filter((row) => best.values[row] > best.at), depth + 1);
  }
}

/** The place that parts rows so that the least variance is left. */
function bestSplit(rows, values, target) {
  const sorted = [...rows].sort((one, other) => values[one] - values[other]);
  const total = sorted.reduce((sum, row) => sum + target[row], 0);
  let left = 0;
  let best = null;
  for (let index = 0; index < sorted.length - leastLeaf; index += 1) {
    left += target[sorted[index]];
    const amount = index + 1;
    if (amount < leastLeaf || values[sorted[index]] === values[sorted[index + 1]]) continue;
    const rest = sorted.length - amount;
    const gain = left * left / amount + (total - left) ** 2 / rest - total * total / sorted.length;
    if (!best || gain > best.gain) best = { gain, at: values[sorted[index]] };
  }
  return best;
}

/**
 * Params by how much they matter for a metric, most first.
 * @param {import("./compare-data.js").Field[]} params Those that differ.
 * @param {import("./compare-data.js").Field} metric
 * @returns {{rows: {field: object, share: number, related: number}[], amount: number}} `amount` is the number of runs that were looked at.
 */
export function importance(params, metric) {
  const rows = metric.numbers.map((_, index) => index).filter((index) => Number.isFinite(metric.numbers[index]));
  const target = rows.map((index) => metric.numbers[index]);
  // A run without a param gets a value beneath all others.
  const features = params.map(({ numbers }) => {
    const least = Math.min(...numbers.filter(Number.isFinite));
    return rows.map((index) => Number.isFinite(numbers[index]) ? numbers[index] : least - 1);
  });
  const shares = forestShares(features, target);
  const found = params.map((field, index) => ({ field, share: shares[index], related: field.categories ? NaN : correlation(field.numbers, metric.numbers) }));
  return { rows: found.sort((one, other) => other.share - one.share), amount: rows.length };
}
