/** Scales of charts: from values to pixels and back, with the values at which lines are drawn. */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const timeSteps = [1, 10, 100, second, 5 * second, 15 * second, 30 * second, minute, 5 * minute, 15 * minute, 30 * minute, hour, 3 * hour,
  6 * hour, 12 * hour, day, 2 * day, 7 * day, 30 * day, 90 * day, 365 * day];

/**
 * A scale from a range of values to a range of pixels.
 * @param {{from: number, to: number, start: number, end: number, kind?: "number"|"log"|"time"|"relative"}} options `from` and `to` are
 *   values, `start` and `end` pixels. A log scale needs values above zero.
 */
export function makeScale({ from, to, start, end, kind = "number" }) {
  const log = kind === "log";
  const low = log ? Math.log10(from) : from;
  const high = log ? Math.log10(to) : to;
  const factor = (end - start) / (high - low || 1);
  return {
    from, to, start, end, kind,
    /** The pixel of a value; NaN where the scale has no place for it. */
    pixel: (value) => start + ((log ? Math.log10(value) : value) - low) * factor,
    value: (pixel) => {
      const at = low + (pixel - start) / factor;
      return log ? 10 ** at : at;
    },
    /** Values for lines of the grid, about so many, with their labels. */
    ticks(amount) {
      if (log) return logTicks(low, high, amount);
      return kind === "number" ? numberTicks(from, to, amount) : timeTicks(from, to, amount, kind);
    },
  };
}

/** A range with some room at both ends, and with some extent even around a single value. */
export function widened(from, to, log = false) {
  if (from > to) return log ? [0.1, 10] : [0, 1];
  if (log) return from === to ? [from / 2, to * 2] : [from / (to / from) ** 0.04, to * (to / from) ** 0.04];
  if (from !== to) return [from - (to - from) * 0.05, to + (to - from) * 0.05];
  const room = Math.abs(from) / 10 || 1;
  return [from - room, to + room];
}

function numberTicks(from, to, amount) {
  const rough = (to - from) / Math.max(1, amount);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  for (let index = Math.ceil(from / step); index * step <= to && found.length < 50; index += 1) {
    const value = index * step;
    found.push({ value, label: tickLabel(value, step) });
  }
  return found;
}

function logTicks(low, high, amount) {
  const factors = high - low > amount / 2 ? [1] : high - low > 1 ? [1, 3] : [1, 2, 5];
  const every = Math.max(1, Math.ceil((high - low) / amount));
  const found = [];
  for (let power = Math.floor(low); power <= high; power += 1) {
    if (power % every) continue;
    for (const factor of factors) {
      const value = factor * 10 ** power;
      const at = Math.log10(value);
      if (at >= low && at <= high) found.push({ value, label: tickLabel(value, value) });
    }
  }
  return found.length > 1 ? found : numberTicks(10 ** low, 10 ** high, amount);
}

function timeTicks(from, to, amount, kind) {
  const rough = (to - from) / Math.max(1, amount);
  const step = timeSteps.find((one) => one >= rough) || timeSteps.at(-1) * Math.ceil(rough / timeSteps.at(-1));
  // Lines of a calendar stand at the reader's own hours and days.
  const shift = kind === "time" ? new Date(from).getTimezoneOffset() * minute : 0;
  const found = [];
  for (let index = Math.ceil((from - shift) / step); index * step + shift <= to && found.length < 50; index += 1) {
    const value = index * step + shift;
    found.push({ value, label: kind === "time" ? clockLabel(value, step) : spanLabel(value) });
  }
  return found;
}

function clockLabel(value, step) {
  const options = step >= day ? { month: "short", day: "numeric" }
    : { hour: "2-digit", minute: "2-digit", second: step < minute ? "2-digit" : undefined, hourCycle: "h23" };
  return new Date(value).toLocaleString(undefined, options);
}

/** A length of time in milliseconds, short: "90 s" is "1m30". */
export function spanLabel(value) {
  const sign = value < 0 ? "−" : "";
  const length = Math.abs(value);
  if (length < minute) return sign + Number((length / second).toPrecision(3)) + "s";
  const parts = length < hour ? [length / minute, "m", (length % minute) / second] : length < day
    ? [length / hour, "h", (length % hour) / minute] : [length / day, "d", (length % day) / hour];
  const rest = Math.round(parts[2]);
  return sign + Math.floor(parts[0]) + parts[1] + (rest ? String(rest).padStart(2, "0") : "");
}

/** A number as it stands at an axis: 10,000 and more with a letter, tiny and huge ones with a power of ten. */
function tickLabel(value, step) {
  const size = Math.abs(value);
  if (value === 0 || size < step * 1e-9) return "0";
  if (size >= 1e15 || size < 1e-4) return Number(value.toPrecision(4)).toExponential().replace("e+", "e");
  for (const [unit, letter] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (size >= unit && (unit > 1e3 || size >= 1e4)) return rounded(value / unit, step / unit) + letter;
  }
  return rounded(value, step);
}

const rounded = (value, step) => String(Number(value.toFixed(Math.min(20, Math.max(0, Math.ceil(-Math.log10(step)) + 1)))));
