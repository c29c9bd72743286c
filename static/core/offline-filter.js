/** The filters of run tables in a file that was exported: comparisons joined by AND, as the server reads them. */

import { ServerError } from "./api.js";

const clause = /^\s*(?:(metrics?|params?|parameters?|tags?|attributes?|attr|run)\s*\.\s*)?(?:`([^`]+)`|"([^"]+)"|([\w./\-]+))\s*(>=|<=|!=|==|=|<|>|NOT\s+IN|IN|I?LIKE|IS\s+NOT\s+NULL|IS\s+NULL)\s*(\([^()]*\)|'[^']*'|"[^"]*"|[-+.\w]+)?\s*(?:AND(?=\s)|$)/i;

/**
 * Whether a run fits a filter, as a function of a run as `runs/get` gives it.
 * @throws {ServerError} With status 400, for what is no such filter.
 */
export function matcher(filter) {
  const tests = [];
  for (let rest = filter; rest.trim();) {
    const match = clause.exec(rest);
    if (!match) throw new ServerError(400, { error_code: "INVALID_PARAMETER_VALUE" }, `In an exported file, this is no filter: ${rest.trim()}`);
    tests.push(test(match[1] || "attribute", match[2] ?? match[3] ?? match[4], match[5].toUpperCase().replace(/\s+/g, " "), match[6]));
    rest = rest.slice(match[0].length);
    if (/AND\s*$/i.test(match[0]) && !rest.trim()) throw new ServerError(400, {}, "The filter ends in AND.");
  }
  return (run) => tests.every((fits) => fits(run));
}

function test(subject, key, comparison, text = "") {
  const kind = subject.toLowerCase()[0];
  const read = kind === "m" ? (run) => readNumber(find(run.data.metrics, key)) : kind === "p" ? (run) => find(run.data.params, key)
    : kind === "t" ? (run) => find(run.data.tags, key) : (run) => run.info[attributeNames[key.toLowerCase()] || key];
  if (comparison === "IS NULL") return (run) => read(run) === undefined;
  if (comparison === "IS NOT NULL") return (run) => read(run) !== undefined;
  if (!text) throw new ServerError(400, {}, `The filter has no value behind ${key} ${comparison}.`);
  const values = text.startsWith("(") ? [...text.matchAll(/'([^']*)'|"([^"]*)"|([^\s,()'"]+)/g)].map((one) => one[1] ?? one[2] ?? one[3]) : [text.replace(/^(['"])(.*)\1$/s, "$2")];
  const compare = compares(comparison, values);
  return (run) => {
    const value = read(run);
    return value !== undefined && value !== null && compare(value);
  };
}

const attributeNames = { created: "start_time", name: "run_name", "run name": "run_name", "run_uuid": "run_id", user: "user_id" };

function compares(comparison, values) {
  const [wanted] = values;
  const order = (value) => typeof value === "number" ? value - Number(wanted) : value < wanted ? -1 : value > wanted ? 1 : 0;
  const like = (flags) => {
    const pattern = new RegExp("^" + wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/%/g, ".*").replace(/_/g, ".") + "$", flags);
    return (value) => pattern.test(value);
  };
  switch (comparison) {
    case "IN": return (value) => values.includes(String(value));
    case "NOT IN": return (value) => !values.includes(String(value));
    case "LIKE": return like("su");
    case "ILIKE": return like("isu");
    case "!=": return (value) => order(value) !== 0;
    case ">": return (value) => order(value) > 0;
    case ">=": return (value) => order(value) >= 0;
    case "<": return (value) => order(value) < 0;
    case "<=": return (value) => order(value) <= 0;
    default: return (value) => order(value) === 0;
  }
}

const find = (items, key) => items?.find((item) => item.key === key)?.value;
const readNumber = (value) => value === undefined ? undefined : Number(value);
