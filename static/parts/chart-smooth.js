/** Smoothing of curves. */

/**
 * An exponential moving average whose weights fall with the distance along x, not with the number of points: points that lie close together
 * count together. On evenly spaced points it is the usual one. The beginning is not drawn towards zero.
 * @param {Float64Array} x
 * @param {Float64Array} y Points that are not finite are left out and stay as they are.
 * @param {number} weight 0 (none) to below 1.
 * @returns {Float64Array}
 */
export function smoothed(x, y, weight) {
  const length = y.length;
  const found = new Float64Array(length);
  const gap = Math.abs(x[length - 1] - x[0]) / Math.max(1, length - 1) || 1;
  let sum = 0;
  let weights = 0;
  let before = NaN;
  for (let index = 0; index < length; index += 1) {
    const value = y[index];
    if (!Number.isFinite(value)) {
      found[index] = value;
      continue;
    }
    const kept = Number.isNaN(before) ? weight : weight ** (Math.abs(x[index] - before) / gap);
    // The weight of the earlier points falls with the distance; the new point gets the weight that they lose.
    sum = sum * kept + value * (1 - kept);
    weights = weights * kept + 1 - kept;
    found[index] = sum / weights;
    before = x[index];
  }
  return found;
}
