/** New points of the curves of runs that go on. */

/** A curve that has grown beyond this number of points is fetched again, thinned. */
const mostPoints = 3000;

/**
 * Asks for the points behind those that are there.
 * @param {import("./curves.js").Curves} curves
 * @param {string[]} runs
 * @param {string[]} keys
 */
export async function refreshCurves(curves, runs, keys) {
  const after = {};
  for (const run of runs) {
    after[run] = {};
    for (const key of keys) {
      const held = curves.of(run, key);
      if (held && held.values.length < mostPoints) after[run][key] = held.position;
    }
  }
  const { round } = curves;
  const changed = await curves.ask(runs, keys, round, { after, append: appended });
  curves.ending = [];
  if (round === curves.round && changed.size) curves.changed(changed);
}

/** The points held before, followed by the new ones; where one side has no band, its values stand in for it. */
function appended(held, next) {
  const banded = held.min || next.min;
  return {
    steps: held.steps.concat(next.steps),
    timestamps: held.timestamps.concat(next.timestamps),
    values: held.values.concat(next.values),
    min: banded && (held.min || held.values).concat(next.min || next.values),
    max: banded && (held.max || held.values).concat(next.max || next.values),
    nan: (held.nan || next.nan) && (held.nan || held.values.map(() => 0)).concat(next.nan || next.values.map(() => 0)),
    position: next.position,
    count: next.count,
  };
}
