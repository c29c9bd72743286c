/** What a chart says in words, for those who do not see it. */

import { count, number } from "../core/format.js";

/** Least, greatest and last value of a curve, with their places. */
export function statistics({ series }) {
  const { x, y, low, high } = series;
  const found = { least: NaN, greatest: NaN, leastAt: NaN, greatestAt: NaN, last: NaN, undefinedPoints: 0 };
  for (let index = 0; index < y.length; index += 1) {
    if (!Number.isFinite(y[index])) found.undefinedPoints += 1;
    const [down, up] = low ? [low[index], high[index]] : [y[index], y[index]];
    if (Number.isFinite(down) && !(down >= found.least)) [found.least, found.leastAt] = [down, x[index]];
    if (Number.isFinite(up) && !(up <= found.greatest)) [found.greatest, found.greatestAt] = [up, x[index]];
    found.last = y[index];
  }
  return found;
}

/** A sentence about the curves of a metric. */
export function summaryText(key, curves) {
  if (!curves.length) return key + ": no points";
  const parts = curves.slice(0, 5).map((curve) => {
    const { least, greatest, last, undefinedPoints } = statistics(curve);
    const odd = undefinedPoints ? `, ${count(undefinedPoints, "point")} not finite` : "";
    return `${curve.run.run_name} from ${number(least)} to ${number(greatest)}, last ${number(last)}${odd}`;
  });
  return `${key}, ${count(curves.length, "run")}: ${parts.join("; ")}${curves.length > 5 ? "; and others" : ""}`;
}
