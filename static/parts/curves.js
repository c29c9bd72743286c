/** The points of metrics, asked for in few requests, kept, and brought up to date while runs go on. */

import { apus, post } from "../core/api.js";
import { readValue } from "./chart-series.js";

const pointsPerCurve = 320;
/** The maximum number of points in one answer, so that the first charts do not wait for the last. */
const pointsPerAnswer = 200000;
const keysPerAnswer = 100;

/** The curves of some runs. Only the keys that are wanted are asked for. */
export class Curves {
  /**
   * @param {AbortSignal} signal Of the page.
   * @param {(keys: Set<string>) => void} changed Called when there are new points of some keys.
   * @param {(error: Error) => void} failed
   */
  constructor(signal, changed, failed) {
    Object.assign(this, { signal, changed, failed });
    this.x = "step";
    this.runs = [];
    this.clear();
  }

  clear() {
    /** Points by run and key. */
    this.points = new Map();
    /** What was asked for, by key: the runs. */
    this.asked = new Map();
    this.queue = new Set();
    this.loading = new Set();
    this.round = (this.round || 0) + 1;
  }

  /** Sets the runs; what is known of others is forgotten. */
  setRuns(runs) {
    const ids = new Set(runs.map(({ run_id: id }) => id));
    // A run that has just ended may have logged since it was asked last, so it is asked once more.
    this.ending = this.runs.filter((run) => run.status === "RUNNING" && runs.some((now) => now.run_id === run.run_id && now.status !== "RUNNING"))
      .map(({ run_id: id }) => id);
    this.runs = runs;
    for (const id of this.points.keys()) if (!ids.has(id)) this.points.delete(id);
    for (const asked of this.asked.values()) for (const id of asked) if (!ids.has(id)) asked.delete(id);
  }

  /** Orders the points by step or by time. */
  setOrder(x) {
    if (x === this.x) return;
    this.x = x;
    this.clear();
  }

  /** The points of a metric of a run, or undefined. */
  of(run, key) {
    return this.points.get(run)?.get(key);
  }

  /** Whether all that is wanted of a key was answered. */
  isKnown(key) {
    return this.runs.every(({ run_id: id }) => this.asked.get(key)?.has(id)) && !this.queue.has(key) && !this.loading.has(key);
  }

  /** Asks for a key after the current task, so that keys wanted in the same task share a request. */
  want(key) {
    if (this.runs.every(({ run_id: id }) => this.asked.get(key)?.has(id))) return;
    this.queue.add(key);
    if (this.waiting) return;
    this.waiting = setTimeout(() => {
      this.waiting = 0;
      this.fetchQueue();
    }, 20);
  }

  async fetchQueue() {
    const most = Math.max(1, Math.min(keysPerAnswer, Math.floor(pointsPerAnswer / pointsPerCurve / this.runs.length)));
    const keys = [...this.queue];
    const round = this.round;
    this.queue.clear();
    for (const key of keys) this.loading.add(key);
    for (let from = 0; from < keys.length; from += most) {
      const some = keys.slice(from, from + most);
      const missing = this.runs.map(({ run_id: id }) => id).filter((id) => some.some((key) => !this.asked.get(key)?.has(id)));
      for (const key of some) {
        if (!this.asked.has(key)) this.asked.set(key, new Set());
        for (const id of missing) this.asked.get(key).add(id);
      }
      try {
        if (missing.length) await this.ask(missing, some, round);
      } catch (error) {
        for (const key of some) for (const id of missing) this.asked.get(key)?.delete(id);
        if (error.name === "AbortError") return;
        this.failed(error);
      }
      if (round !== this.round) return;
      for (const key of some) this.loading.delete(key);
      this.changed(new Set(some));
    }
  }

  /** Asks for new points of the keys in sight, for runs that are still running; asks nothing if there are none. */
  async refresh(keys) {
    const going = this.runs.filter(({ status, run_id: id }) => status === "RUNNING" || this.ending?.includes(id)).map(({ run_id: id }) => id);
    const known = keys.filter((key) => this.asked.has(key) && !this.loading.has(key));
    if (!going.length || !known.length) return;
    const { refreshCurves } = await import("./curves-refresh.js");
    await refreshCurves(this, going, known);
  }

  /** Asks for points; `after` says behind which ones, and `append` joins them to those before. @returns {Promise<Set<string>>} The keys. */
  async ask(runs, keys, round, { after, append } = {}) {
    const answer = await post(apus + "metrics/curves", { run_ids: runs, keys, max_points: pointsPerCurve, x: this.x, after }, this.signal);
    const changed = new Set();
    if (round !== this.round) return changed;
    for (const curve of answer.curves) {
      changed.add(curve.key);
      if (!this.points.has(curve.run_id)) this.points.set(curve.run_id, new Map());
      const held = this.of(curve.run_id, curve.key);
      this.points.get(curve.run_id).set(curve.key, curve.mode === "append" && held ? append(held, read(curve)) : read(curve));
    }
    return changed;
  }
}

function read({ steps, timestamps, values, min, max, nan, position, count }) {
  return { steps, timestamps, values: values.map(readValue), min: min?.map(readValue), max: max?.map(readValue), nan, position, count };
}
