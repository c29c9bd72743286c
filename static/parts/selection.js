/** The chosen runs: they stand in the address, have a colour each, and keep it while others come and go. */

const colors = 10;

export class Selection {
  /**
   * @param {string[]} ids
   * @param {(ids: string[]) => void} changed
   */
  constructor(ids, changed) {
    this.ids = new Set(ids);
    this.changed = changed;
    this.colorsOf = new Map();
    this.last = null;
  }

  has(id) {
    return this.ids.has(id);
  }

  get size() {
    return this.ids.size;
  }

  list() {
    return [...this.ids];
  }

  set(ids) {
    this.ids = new Set(ids);
    this.changed(this.list());
  }

  /** Takes a run in or out; with a range, all runs between the one before and this become like this one. */
  toggle(id, range) {
    const on = !this.ids.has(id);
    for (const one of range || [id]) {
      if (on) this.ids.add(one);
      else this.ids.delete(one);
    }
    this.last = id;
    this.changed(this.list());
  }

  /** Gives each run that is drawn a colour, 0 to 9; a colour is used twice only when the others are taken. */
  color(ids) {
    const kept = new Map(ids.filter((id) => this.colorsOf.has(id)).map((id) => [id, this.colorsOf.get(id)]));
    const used = new Array(colors).fill(0);
    for (const color of kept.values()) used[color] += 1;
    for (const id of ids) {
      if (kept.has(id)) continue;
      const color = used.indexOf(Math.min(...used));
      used[color] += 1;
      kept.set(id, color);
    }
    this.colorsOf = kept;
  }

  colorOf(id) {
    return this.colorsOf.get(id);
  }
}
