/**
 * Answers the calls of the pages out of one document, in a file that was exported. The server wrote the document
 * (`export/html`): whole runs with their extremes, curves, lists of files, and what small files hold.
 */

import { ServerError } from "./api.js";
import { matcher } from "./offline-filter.js";
import { columnsOf, tableOf } from "./offline-table.js";

/** What a page asks for that an exported file never has. */
const empty = ["registered-models/search", "model-versions/search", "logged-models/search", "artifacts/journal", "metrics/get-history-bulk-interval"];

/** The contents of a file and how it answers. */
export class Offline {
  /** @param {object} held The document. */
  constructor(held) {
    this.experiments = new Map(held.experiments.map((experiment) => [experiment.experiment_id, experiment]));
    this.runs = new Map(held.runs.map(({ run, extremes }) => [run.info.run_id, { ...run, extremes }]));
    this.curves = held.curves;
    this.folders = new Map(held.artifacts.map((folder) => [folder.run_id, folder]));
    /** Addresses of what files hold, made when they are first asked for. */
    this.made = new Map();
  }

  /** The address of a request; what a file holds has one of its own, and "" when it was left out. */
  address(url) {
    if (!url.pathname.endsWith("/get-artifact")) return url.href;
    const { run_id: run, path } = Object.fromEntries(url.searchParams);
    const key = run + "/" + path;
    if (!this.made.has(key)) {
      const content = this.fileOf(run, path)?.content;
      // Without a type: an address that is opened by itself must not become a page.
      this.made.set(key, content === undefined ? "" : URL.createObjectURL(new Blob([bytesOf(content)])));
    }
    return this.made.get(key);
  }

  /** Answers as the server would. */
  async answer(url, { method = "GET", headers, body } = {}) {
    if (!url) throw new ServerError(404, {}, "The file was left out when these pages were exported.");
    if (url.startsWith("blob:")) return this.part(url, headers);
    const { pathname, searchParams } = new URL(url);
    const route = /ajax-api\/(?:2\.0\/mlflow|apus\/1\.0)\/(.*)$/.exec(pathname)?.[1] || "";
    const asked = body ? JSON.parse(body) : Object.fromEntries(searchParams);
    if (method === "GET" || reads.has(route)) {
      if (empty.includes(route)) return json({});
      if (Object.hasOwn(answers, route)) return json(answers[route].call(this, asked));
    }
    throw new ServerError(404, {}, method === "GET" ? "The exported file does not hold this." : "An exported file cannot be changed.");
  }

  /** A part of what a file holds. */
  part(url, headers) {
    const key = [...this.made].find(([, address]) => address === url)?.[0] || "";
    const bytes = bytesOf(this.fileOf(key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1))?.content || "");
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers?.Range || "") || [null, 0, bytes.length];
    if (Number(from) >= bytes.length) return new Response(null, { status: 416 });
    return new Response(bytes.subarray(Number(from), Number(to) + 1), { status: 206, headers: { "Content-Range": `bytes ${from}-${to}/${bytes.length}` } });
  }

  run(id) {
    const run = this.runs.get(id);
    if (!run) throw new ServerError(404, { error_code: "RESOURCE_DOES_NOT_EXIST" }, "The exported file does not hold this run.");
    return run;
  }

  fileOf(run, path) {
    return this.folders.get(run)?.files?.find((file) => file.path === path);
  }

  /** The runs that a search finds, the newest first. */
  find({ experiment_ids: experiments = [], filter = "", run_view_type: view = "ACTIVE_ONLY" }) {
    const fits = matcher(filter);
    const stage = { ACTIVE_ONLY: "active", DELETED_ONLY: "deleted" }[view];
    return [...this.runs.values()].filter((run) => experiments.includes(run.info.experiment_id) && (!stage || run.info.lifecycle_stage === stage) && fits(run))
      .sort((one, other) => (other.info.start_time || 0) - (one.info.start_time || 0) || (one.info.run_id < other.info.run_id ? -1 : 1));
  }
}

/** Searches that are sent as POST. */
const reads = new Set(["runs/search", "runs/table", "runs/columns", "metrics/curves", "logged-models/search", "experiments/search"]);

/** By route; `this` is the Offline. */
const answers = {
  "runs/get"({ run_id: id }) {
    return { run: this.run(id) };
  },
  "experiments/get"({ experiment_id: id }) {
    if (!this.experiments.has(id)) throw new ServerError(404, {}, "The exported file does not hold this experiment.");
    return { experiment: this.experiments.get(id) };
  },
  "runs/search"(asked) {
    return { runs: this.find(asked) };
  },
  "runs/table"(asked) {
    return tableOf(this.find(asked), asked, this.curves);
  },
  "runs/columns"(asked) {
    return columnsOf(this.find(asked));
  },
  "metrics/curves"({ run_ids: runs, keys, x, after, from = -Infinity, to = Infinity }) {
    // A file does not grow: who holds something has all of it.
    if (after) return { curves: [] };
    const [ids, wanted] = [new Set(runs), new Set(keys)];
    return { curves: this.curves.filter(({ run_id: run, key }) => ids.has(run) && wanted.has(key)).map((curve) => partOf(curve, x === "time" ? "timestamps" : "steps", from, to)) };
  },
  "artifacts/list"({ run_id: run, path = "" }) {
    const folder = this.folders.get(run);
    if (!folder?.files) throw new ServerError(404, {}, "The artifacts of this run were left out when these pages were exported.");
    const inside = (file) => file.path.slice(0, Math.max(0, file.path.lastIndexOf("/"))) === path;
    return { files: folder.files.filter(inside).map(({ path: name, is_dir: isFolder, file_size: size }) => ({ path: name, is_dir: isFolder, file_size: size })) };
  },
  "runs/artifacts/compare"({ run_ids: list }) {
    const runs = list.split(",");
    const paths = [...new Set(runs.flatMap((run) => (this.folders.get(run)?.files || []).filter((file) => !file.is_dir).map(({ path }) => path)))].sort();
    return { run_ids: runs, files: paths.map((path) => {
      const found = runs.map((run) => ({ run_id: run, ...this.fileOf(run, path) })).filter((file) => file.path === path);
      const [first] = found;
      const same = found.every((file) => file.file_size === first.file_size && file.content !== undefined && file.content === first.content);
      const missing = runs.filter((run) => !found.some((file) => file.run_id === run));
      return { path, state: missing.length ? "missing" : same ? "same" : "changed", missing_in: missing,
        file_size: first.file_size, runs: found.map((file) => ({ run_id: file.run_id, file_size: file.file_size })) };
    }) };
  },
};

/** A curve in the order of an axis, and of it what lies between two places. */
function partOf(curve, axis, from, to) {
  const order = curve[axis].map((place, index) => [place, index]).filter(([place]) => place >= from && place <= to)
    .sort((one, other) => one[0] - other[0] || one[1] - other[1]).map(([, index]) => index);
  const lists = ["steps", "timestamps", "values", "min", "max", "nan"].filter((name) => curve[name]);
  return { ...curve, mode: "whole", ...Object.fromEntries(lists.map((name) => [name, order.map((index) => curve[name][index])])) };
}

const json = (value) => new Response(JSON.stringify(value), { headers: { "Content-Type": "application/json" } });
const bytesOf = (content) => Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
