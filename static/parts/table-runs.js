/** The runs of a table: asked for in pages, first a screenful, and kept up to date while some are running. */

import { apus, post } from "../core/api.js";

const nextPage = 10000;
/** The number of runs that are fetched at once; the others follow when the reader scrolls near the end. */
const eager = 30000;

/** The runs found by a search, in the order asked for. */
export class RunList {
  /**
   * @param {AbortSignal} signal Of the page.
   * @param {(anew: boolean) => void} changed Called whenever there are more runs or other values; anew when columns changed too.
   */
  constructor(signal, changed) {
    this.signal = signal;
    this.changed = changed;
    this.runs = [];
    this.columns = [];
    this.types = [];
    this.complete = false;
  }

  /**
   * Searches anew. The runs of before stay until the first new ones are there.
   * @param {{valued: string[], body: object}} request See `runsRequest`.
   * @param {string} order A column's id, with `-` before it for descending.
   */
  async load({ valued, body }, order) {
    this.search?.abort();
    const search = new AbortController();
    this.search = search;
    const signal = AbortSignal.any([search.signal, this.signal]);
    this.body = body;
    const answer = await post(apus + "runs/table", body, signal);
    this.columns = valued;
    this.types = answer.columns.map(({ type }) => type);
    this.runs = answer.runs;
    this.token = answer.next_page_token;
    this.complete = !this.token;
    this.order = order;
    this.loadSignal = signal;
    if (this.complete) this.sortHere();
    this.changed(true);
    return this;
  }

  /** Fetches the runs behind those that are there, until there are enough. */
  async loadMore(least = eager) {
    if (this.loading || this.complete) return;
    const signal = this.loadSignal;
    this.loading = signal;
    try {
      while (!this.complete && this.runs.length < least) {
        const answer = await post(apus + "runs/table", { ...this.body, max_results: nextPage, page_token: this.token }, signal);
        this.runs = this.runs.concat(answer.runs);
        // A column holds numbers only if it does so in all pages; one without any value says nothing.
        const before = this.types.join();
        this.types = this.types.map((type, index) => answer.columns[index].type === "string"
          && answer.runs.some((run) => run.values[index] !== null) ? "string" : type);
        this.token = answer.next_page_token;
        this.complete = !this.token;
        if (this.complete) this.sortHere();
        this.changed(before !== this.types.join());
      }
    } finally {
      if (this.loading === signal) this.loading = null;
    }
  }

  /** The position of a column's value in `run.values`, or -1. */
  position(id) {
    return this.columns.indexOf(id);
  }

  /** Orders by what the server does not keep: how long a run took, and when it last logged. */
  sortHere() {
    const id = this.order.replace(/^-/, "");
    const key = { duration: durationOf, logged: (run) => run.last_logged || 0, experiment: (run) => Number(run.experiment_id) }[id];
    if (!key) return;
    const sign = this.order.startsWith("-") ? -1 : 1;
    this.runs = [...this.runs].sort((one, other) => sign * (key(one) - key(other)));
  }
}

/** How long a run took, or has been running, in milliseconds; -1 when it never started. */
export const durationOf = ({ start_time: start, end_time: end, status }) => !start ? -1
  : end ? end - start : status === "RUNNING" ? Date.now() - start : -1;
