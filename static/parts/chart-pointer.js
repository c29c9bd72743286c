/** Pointer and keyboard of a chart: look along the curves, zoom, move, go back. */

const small = 6;

/**
 * @param {HTMLElement} node What is pointed at and focused.
 * @param {object} chart
 * @param {() => {across: object, up: object}|null} chart.scales The scales that are drawn now.
 * @param {(place: {x: number, y: number}|null) => void} chart.hover A place in pixels.
 * @param {(box: number[]|null) => void} chart.band Shows the box of pixels that is being drawn: left, top, right, bottom.
 * @param {(x: number[]|null, y: number[]|null) => void} chart.zoom Ranges of values; null is all.
 * @param {(by: number) => void} chart.step Goes some points along the curve.
 * @param {(by: number) => void} chart.other Goes to another run.
 */
export function bindChart(node, chart) {
  let from = null;
  let moving = null;
  const place = (event) => {
    const box = node.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  node.addEventListener("pointerdown", (event) => {
    if (event.button || !chart.scales()) return;
    if (event.pointerType === "touch") {
      chart.hover(place(event));
      return;
    }
    from = place(event);
    const { across, up } = chart.scales();
    moving = event.shiftKey || event.altKey ? { across, up } : null;
    node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (from && moving) {
      chart.zoom(shifted(moving.across, from.x - at.x), shifted(moving.up, from.y - at.y));
    } else if (from) {
      chart.band(boxOf(from, at, chart.scales()));
    } else {
      chart.hover(at);
    }
  });
  const end = (event) => {
    // A finger that moves scrolls the page: the browser takes the pointer away.
    if (event.pointerType === "touch" && event.type === "pointercancel") chart.hover(null);
    if (!from) return;
    const at = place(event);
    const box = !moving && event.type === "pointerup" ? boxOf(from, at, chart.scales()) : null;
    from = moving = null;
    chart.band(null);
    if (!box) return;
    const { across, up } = chart.scales();
    const wide = box[2] - box[0] > small;
    if (!wide && !(box[3] - box[1] > small)) return;
    chart.zoom(wide ? [across.value(box[0]), across.value(box[2])] : null,
      box[1] > up.end || box[3] < up.start ? [up.value(box[3]), up.value(box[1])] : null);
  };
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
  // The values of a tap stay when the finger is lifted, until another place is tapped.
  node.addEventListener("pointerleave", ({ pointerType }) => { if (!from && pointerType !== "touch") chart.hover(null); });
  node.addEventListener("dblclick", () => chart.zoom(null, null));
  node.addEventListener("blur", () => chart.hover(null));
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const work = keyWork(event, chart);
    if (!work) return;
    event.preventDefault();
    event.stopPropagation();
    work();
  });
}

function keyWork({ key, shiftKey }, chart) {
  const scales = chart.scales();
  if (!scales) return null;
  const { across } = scales;
  const part = (across.end - across.start) / 5;
  const zoomBy = (share) => () => chart.zoom([across.value(across.start + share * part), across.value(across.end - share * part)], null);
  const sideways = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (sideways) return shiftKey ? () => chart.zoom(shifted(across, sideways * part), null) : () => chart.step(sideways);
  return {
    ArrowUp: () => chart.other(-1), ArrowDown: () => chart.other(1), Home: () => chart.step(-Infinity), End: () => chart.step(Infinity),
    PageUp: () => chart.step(-10), PageDown: () => chart.step(10),
    "+": zoomBy(1), "=": zoomBy(1), "-": zoomBy(-1.7), 0: () => chart.zoom(null, null), Escape: () => chart.zoom(null, null),
  }[key];
}

/** The range of a scale, moved by pixels. */
const shifted = (scale, by) => {
  const ends = [scale.value(scale.start + by), scale.value(scale.end + by)];
  return ends[0] < ends[1] ? ends : [ends[1], ends[0]];
};

/** The box between two places; one that is flat covers the whole height, so that it zooms along x alone. */
function boxOf(one, other, { across, up }) {
  const hold = (value, low, high) => Math.min(Math.max(value, low), high);
  const [left, right] = [one.x, other.x].sort((a, b) => a - b).map((x) => hold(x, across.start, across.end));
  const [top, bottom] = [one.y, other.y].sort((a, b) => a - b).map((y) => hold(y, up.end, up.start));
  if (bottom - top < 24) return [left, up.end, right, up.start];
  return right - left < small * 2 ? [across.start, top, across.end, bottom] : [left, top, right, bottom];
}
