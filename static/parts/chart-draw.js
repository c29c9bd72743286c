/** Draws curves on a canvas. It knows nothing of runs, pointers or the document. */

/** Dashes tell runs of the same colour apart. */
const dashes = [[], [7, 3], [2, 3], [9, 3, 2, 3], [4, 2]];

/** Makes a canvas as sharp as the screen. @returns {CanvasRenderingContext2D} Its units are CSS pixels. */
export function sharpContext(canvas, width, height) {
  const ratio = Math.min(devicePixelRatio || 1, 3);
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** The colours of the page as they are now, light or dark. */
export function readColors() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ink: read("--ink"), soft: read("--soft"), line: read("--line"), paper: read("--paper"), accent: read("--accent"), bad: read("--bad"),
    series: Array.from({ length: 10 }, (_, index) => read("--series-" + index)),
  };
}

/**
 * Draws axes and curves.
 * @param {CanvasRenderingContext2D} context
 * @param {object} plot
 * @param {object} plot.across The scale of x, from `makeScale`; `plot.up` the scale of y.
 * @param {{series: object, line: Float64Array, color: string, dash: number, strong?: boolean, faint?: boolean}[]} plot.curves `series` comes
 *   from `seriesOf`; `line` is its y, or the smoothed one.
 * @param {object} plot.colors
 */
export function drawPlot(context, { across, up, curves, colors }) {
  drawAxes(context, across, up, colors);
  context.save();
  clipTo(context, across, up);
  context.lineJoin = "bevel";
  // Lines of one pixel are drawn much faster, and many thick ones hide each other.
  const width = curves.length > 12 ? 1 : 1.5;
  const back = curves.filter(({ strong }) => !strong);
  for (const curve of [...back, ...curves.filter(({ strong }) => strong)]) drawCurve(context, curve, width, across, up);
  context.restore();
}

/** Keeps what is drawn from now on inside of the axes. */
export function clipTo(context, across, up) {
  context.beginPath();
  context.rect(across.start, up.end - 2, across.end - across.start, up.start - up.end + 4);
  context.clip();
}

function drawAxes(context, across, up, colors) {
  context.font = "11px system-ui, sans-serif";
  context.lineWidth = 1;
  context.strokeStyle = colors.line;
  context.fillStyle = colors.soft;
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.beginPath();
  for (const { value, label } of up.ticks((up.start - up.end) / 36)) {
    const y = Math.round(up.pixel(value)) + 0.5;
    context.moveTo(across.start, y);
    context.lineTo(across.end, y);
    context.fillText(label, across.start - 6, y);
  }
  context.moveTo(across.start, up.start + 0.5);
  context.lineTo(across.end, up.start + 0.5);
  context.stroke();
  context.textBaseline = "top";
  context.textAlign = "center";
  let free = 0;
  for (const { value, label } of across.ticks((across.end - across.start) / 64)) {
    const x = across.pixel(value);
    const half = context.measureText(label).width / 2;
    const at = Math.min(x, across.end + 8 - half);
    if (at - half < free) continue;
    context.fillText(label, at, up.start + 6);
    free = at + half + 8;
  }
}

/** Draws one curve; `strong` makes it stand out. */
export function drawCurve(context, { series, line, color, dash, strong, faint }, width, across, up) {
  const alpha = faint ? 0.2 : 1;
  context.strokeStyle = context.fillStyle = color;
  const isSmoothed = line !== series.y;
  const band = series.band || series;
  if (band.low && !faint) {
    context.globalAlpha = isSmoothed ? 0.1 : 0.16;
    drawBand(context, band, across, up);
  }
  if (isSmoothed && !faint) {
    context.globalAlpha = 0.28;
    context.lineWidth = 1;
    traceLine(context, series, series.y, across, up);
  }
  context.globalAlpha = alpha;
  context.lineWidth = strong ? 2.5 : width;
  context.setLineDash(dashes[dash % dashes.length]);
  traceLine(context, series, line, across, up);
  context.setLineDash([]);
  if (!faint) drawUndefined(context, series, across, up);
  context.globalAlpha = 1;
}

/** A line through the points. Where they lie closer than the pixels, the area that the line would cover is filled: that is much faster. */
function traceLine(context, { x, ordered }, y, across, up) {
  const start = ordered ? firstVisible(x, across) : 0;
  let end = start;
  while (end < x.length && (!ordered || x[end] <= across.to)) end += 1;
  end = Math.min(x.length, end + 1);
  const dense = ordered && end - start > 1.5 * (across.end - across.start);
  let at = start;
  context.beginPath();
  while (at < end) {
    while (at < end && !(isPlace(across.pixel(x[at])) && isPlace(up.pixel(y[at])))) at += 1;
    const first = at;
    while (at < end && isPlace(across.pixel(x[at])) && isPlace(up.pixel(y[at]))) at += 1;
    if (dense) addArea(context, x, y, first, at, across, up);
    else if (at - first === 1) dot(context, across.pixel(x[first]), up.pixel(y[first]));
    else for (let index = first; index < at; index += 1) context[index === first ? "moveTo" : "lineTo"](across.pixel(x[index]), up.pixel(y[index]));
  }
  if (dense) context.fill();
  else context.stroke();
}

const isPlace = Number.isFinite;

/** Adds the outline of what a line from one point to another covers: in each column of pixels from its least to its greatest place. */
function addArea(context, x, y, first, behind, across, up) {
  const half = context.lineWidth / 2;
  const columns = [];
  const least = [];
  const greatest = [];
  let before = NaN;
  for (let index = first; index < behind; index += 1) {
    const place = up.pixel(y[index]);
    const column = Math.round(across.pixel(x[index]));
    const last = columns.length - 1;
    if (column === columns[last]) {
      if (place < least[last]) least[last] = place;
      if (place > greatest[last]) greatest[last] = place;
    } else {
      columns.push(column);
      least.push(before < place ? before : place);
      greatest.push(before > place ? before : place);
    }
    before = place;
  }
  context.moveTo(columns[0] - half, least[0] - half);
  for (let index = 0; index < columns.length; index += 1) context.lineTo(columns[index], least[index] - half);
  for (let index = columns.length - 1; index >= 0; index -= 1) context.lineTo(columns[index], greatest[index] + half);
  context.closePath();
}

/** Draws a point without neighbours as a dot, because a line without length is invisible. */
function dot(context, x, y) {
  context.moveTo(x + 2, y);
  context.arc(x, y, 2, 0, 7);
}

function firstVisible(x, across) {
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (across.pixel(x[middle]) < across.start) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

function drawBand(context, { x, low, high }, across, up) {
  const bottom = up.start;
  const place = (value) => {
    const at = up.pixel(value);
    return Number.isFinite(at) ? at : value === Infinity ? up.end : bottom;
  };
  let index = 0;
  while (index < x.length) {
    while (index < x.length && !(Number.isFinite(low[index]) && Number.isFinite(x[index]))) index += 1;
    const first = index;
    context.beginPath();
    for (; index < x.length && Number.isFinite(low[index]); index += 1) context.lineTo(across.pixel(x[index]), place(high[index]));
    for (let back = index - 1; back >= first; back -= 1) context.lineTo(across.pixel(x[back]), place(low[back]));
    context.fill();
  }
}

/** Marks values that have no place on the scale: a cross at the bottom is NaN, triangles at the edges are infinities. */
function drawUndefined(context, series, across, up) {
  const { x } = series;
  let before = NaN;
  for (let index = 0; index < x.length; index += 1) {
    const value = undefinedAt(series, index);
    if (value === null) continue;
    const at = across.pixel(x[index]);
    if (!Number.isFinite(at) || at - before < 5) continue;
    before = at;
    context.beginPath();
    if (Number.isNaN(value)) {
      const low = up.start - 5;
      context.lineWidth = 1.5;
      context.moveTo(at - 3, low - 3);
      context.lineTo(at + 3, low + 3);
      context.moveTo(at + 3, low - 3);
      context.lineTo(at - 3, low + 3);
      context.stroke();
    } else {
      const [tip, base] = value > 0 ? [up.end, up.end + 7] : [up.start, up.start - 7];
      context.moveTo(at, tip);
      context.lineTo(at - 4, base);
      context.lineTo(at + 4, base);
      context.fill();
    }
  }
}

/** NaN or an infinity that a point is or, where points were thinned, stands for; otherwise null. */
function undefinedAt({ y, low, high, nan }, index) {
  if (!Number.isFinite(y[index])) return y[index];
  if (nan?.[index]) return NaN;
  if (high?.[index] === Infinity) return Infinity;
  return low?.[index] === -Infinity ? -Infinity : null;
}
