/**
 * The columns of a run table. A column's id stands in the address: an attribute (`started`), or `params.KEY`, `tags.KEY`,
 * `metrics.KEY` (the last value), `min.KEY`, `max.KEY`, `best.KEY`, `at.STEP.KEY`.
 */

/** The attributes of a run that can be columns; `order` is what the server sorts by, if it can. */
export const attributes = {
  status: { label: "Status", order: "attributes.status", width: 180 },
  started: { label: "Started", order: "attributes.start_time", width: 120 },
  duration: { label: "Duration", width: 110, numeric: true },
  ended: { label: "Ended", order: "attributes.end_time", width: 110 },
  logged: { label: "Last logged", width: 110 },
  user: { label: "User", order: "attributes.user_id", width: 110 },
  name: { label: "Run", order: "attributes.run_name", width: 220 },
  id: { label: "Run id", order: "attributes.run_id", width: 150 },
  experiment: { label: "Experiment id", width: 120 },
};

const values = { metrics: "last", min: "min", max: "max", best: "best" };
const lowIsBest = /loss|err|rmse|mse|mae|mape|perplexity|ppl|wer\b|cer\b|fid\b|nll|bpc|bpb|latency|time|second|duration|cost|regret|distance|divergence|entropy/i;

/** Whether "minimize" or "maximize" makes a metric better, by its name. */
const goalOf = (key) => lowIsBest.test(key) ? "minimize" : "maximize";

/**
 * What a column id means.
 * @returns {{id: string, kind: string, key: string, label: string, value?: string, step?: number, goal?: string}|null}
 */
export function readColumn(id) {
  if (Object.hasOwn(attributes, id)) return { id, kind: "attribute", key: id, label: attributes[id].label };
  const dot = id.indexOf(".");
  const head = id.slice(0, dot);
  const key = id.slice(dot + 1);
  if (dot < 1 || !key) return null;
  if (head === "params" || head === "tags") return { id, kind: head, key, label: key };
  if (Object.hasOwn(values, head)) return { id, kind: "metrics", key, label: key, value: values[head], goal: goalOf(key) };
  const step = head === "at" && /^(-?\d+)\.(.+)$/s.exec(key);
  return step ? { id, kind: "metrics", key: step[2], label: step[2], value: "at_step", step: Number(step[1]), goal: goalOf(step[2]) } : null;
}

/** The id of a metric's column for a kind of value. */
export const metricColumn = (key, value, step) => value === "at_step" ? `at.${step}.${key}`
  : (value === "last" ? "metrics" : value) + "." + key;

/** What a metric's column shows, in a word: "min", "at 10"; nothing for the last value. */
export const valueWord = ({ value, step, goal }) => value === "last" || !value ? ""
  : value === "at_step" ? "at " + step : value === "best" ? (goal === "minimize" ? "best, lowest" : "best, highest") : value;

/** The column as the table call takes it. */
export function requestColumn({ kind, key, value, step, goal }) {
  if (kind === "params") return { param: key };
  if (kind === "tags") return { tag: key };
  return { metric: key, value, ...(value === "best" && { goal }), ...(value === "at_step" && { step }) };
}

/** A subject of the filter and order language, quoted as that language wants it. */
export function subject(kind, key) {
  const quote = key.includes("`") ? '"' : "`";
  return /^[A-Za-z_]\w*$/.test(key) ? `${kind}.${key}` : `${kind}.${quote}${key}${quote}`;
}

/** Keys that trackers write themselves; they are no columns until somebody asks. */
export const isInternal = (key) => key.startsWith("mlflow.") || key.startsWith("system/");

/**
 * The ids of the columns that are worth seeing when nobody has chosen: state and start, the metrics that most runs have,
 * the params that differ between runs.
 * @param {{metrics: object[], params: object[], runs: number}} known The answer of the columns call.
 */
export function defaultColumns({ metrics = [], params = [], runs = 0 }) {
  const most = (items) => [...items].sort((one, other) => (other.runs - one.runs) || (one.key < other.key ? -1 : 1));
  const differing = params.filter((param) => param.distinct > 1 || param.runs < runs);
  const measured = most(metrics.filter(({ key }) => !isInternal(key))).slice(0, 6);
  const varied = most(differing).sort((one, other) => (other.distinct > 1) - (one.distinct > 1)).slice(0, 8);
  // One run, or runs that are all alike: their params are still worth seeing.
  const chosen = varied.length ? varied : most(params).slice(0, 4);
  return ["status", "started", ...measured.map(({ key }) => "metrics." + key), ...chosen.map(({ key }) => "params." + key)];
}
