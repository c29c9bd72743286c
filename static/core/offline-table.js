/** Run tables of a file that was exported: the values of columns, their order, and which columns there are. */

const decimal = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** The answer to `runs/table` for runs in their usual order. */
export function tableOf(found, { columns = [], order_by: orders = [], max_results: most = 1000, page_token: token }, curves) {
  const rows = found.map((run) => ({ row: rowOf(run, columns, curves), run }));
  for (const order of [...orders].reverse()) sort(rows, order, columns);
  const from = Number(token || 0);
  const runs = rows.slice(from, from + most).map(({ row }) => row);
  return { runs, columns: columns.map((column, index) => ({ ...column, type: typeOf(column, runs, index) })),
    ...(rows.length > from + most && { next_page_token: String(from + most) }) };
}

function rowOf(run, columns, curves) {
  const { info, data } = run;
  const parent = data.tags?.find(({ key }) => key === "mlflow.parentRunId")?.value;
  const logged = info.status === "RUNNING" && data.metrics?.length ? Math.max(...data.metrics.map(({ timestamp }) => Number(timestamp))) : undefined;
  return { ...info, ...(parent && { parent_run_id: parent }), ...(logged && { last_logged: logged }),
    values: columns.map((column) => valueOf(run, column, curves)) };
}

function valueOf({ info, data, extremes }, { metric, param, tag, value = "last", goal, step }, curves) {
  const of = (items, key) => items?.find((item) => item.key === key)?.value ?? null;
  if (param !== undefined) return of(data.params, param);
  if (tag !== undefined) return of(data.tags, tag);
  if (value === "last") return of(data.metrics, metric);
  if (value === "at_step") {
    const curve = curves.find((one) => one.run_id === info.run_id && one.key === metric);
    return curve?.values[curve.steps.lastIndexOf(step)] ?? null;
  }
  const known = extremes[metric];
  if (!known) return null;
  const lowest = value === "min" || (value === "best" && goal !== "maximize");
  return lowest ? { value: known[0], step: known[1] } : { value: known[2], step: known[3] };
}

/** What is missing comes last in both directions; numbers before texts. */
function sort(rows, order, columns) {
  const [, name, way] = typeof order === "string" ? /^\s*(?:attributes?\.|run\.)?(\S+)(?:\s+(ASC|DESC))?\s*$/i.exec(order) || [] : [];
  const descending = typeof order === "string" ? /^desc$/i.test(way || "") : Boolean(order.descending);
  const column = columns[order.column];
  const key = ({ row, run }) => {
    const value = typeof order === "string" ? run.info[name] : row.values[order.column];
    const plain = value !== null && typeof value === "object" ? value.value : value;
    if (plain === undefined || plain === null || plain === "NaN") return [2, 0];
    if (typeof plain === "number" || column?.metric !== undefined || decimal.test(plain)) return [0, Number(plain)];
    return [1, String(plain)];
  };
  const sign = descending ? -1 : 1;
  const keyed = rows.map((row) => [key(row), row]);
  keyed.sort(([one], [other]) => one[0] - other[0] || sign * (one[1] < other[1] ? -1 : one[1] > other[1] ? 1 : 0));
  rows.splice(0, rows.length, ...keyed.map(([, row]) => row));
}

function typeOf(column, runs, index) {
  if (column.metric !== undefined) return "number";
  const values = runs.map((run) => run.values[index]).filter((value) => value !== null);
  return values.length && values.every((value) => decimal.test(value)) ? "number" : "string";
}

/** The answer to `runs/columns`. */
export function columnsOf(found) {
  const byName = (one, other) => one.key < other.key ? -1 : 1;
  const metrics = new Map();
  for (const { data } of found) for (const { key } of data.metrics || []) metrics.set(key, (metrics.get(key) || 0) + 1);
  return { runs: found.length, more_runs: false, metrics: [...metrics].map(([key, runs]) => ({ key, runs })).sort(byName),
    params: texts(found, "params").sort(byName), tags: texts(found, "tags").sort(byName) };
}

function texts(found, kind) {
  const known = new Map();
  for (const { data } of found) for (const { key, value } of data[kind] || []) known.set(key, [...(known.get(key) || []), value]);
  return [...known].map(([key, values]) => {
    const distinct = [...new Set(values)];
    return { key, runs: values.length, distinct: distinct.length, type: values.every((value) => decimal.test(value)) ? "number" : "string",
      values: distinct.filter((value) => value.length <= 200).slice(0, 20) };
  });
}
