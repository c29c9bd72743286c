/** Requests to the server. All addresses are relative to the folder of the pages, so that any prefix or proxy works. */

// The modules of a file that was exported are within it, and have no folder.
const root = new URL("../../", import.meta.url.startsWith("data:") ? document.baseURI : import.meta.url);

let offline = null;

/** Has something else answer all requests: `other.address(url)` gives addresses, `other.answer(address, options)` a Response. */
export function answerBy(other) {
  offline = other;
}

/** Whether these pages are a file that was exported: nothing can be changed then, and there is no server to open. */
export const isFile = () => offline !== null;

/** Where the calls of MLflow's API and of Apus' own begin. */
export const mlflow = "ajax-api/2.0/mlflow/";
export const apus = "ajax-api/apus/1.0/";

/** A refusal of the server: `message` is its sentence, `code` its error code, `status` the HTTP status. */
export class ServerError extends Error {
  constructor(status, answer, fallback) {
    super(answer.message || fallback);
    this.status = status;
    this.code = answer.error_code || "";
  }
}

/**
 * The whole address of a route with a query; undefined and null values are left out, a list repeats its name.
 * @param {string} route For example `mlflow + "runs/get"` or `"get-artifact"`.
 * @param {object} [query]
 */
export function address(route, query) {
  const made = new URL(route, root);
  for (const [key, value] of Object.entries(query || {})) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null) made.searchParams.append(key, item);
    }
  }
  return offline ? offline.address(made) : made.href;
}

const ahead = new Map();

/**
 * Sends a request that a page is about to make. The page gets its answer when it asks the same.
 * @returns {Promise<object>} The JSON of the answer, for what depends on it.
 */
export function sendAhead(method, route, query, body) {
  const url = address(route, query);
  const answer = request(method, url, body);
  answer.catch(() => {
    // The page that asks gets the failure.
  });
  ahead.set(keyOf(method, url, body), answer);
  return answer;
}

/** Forgets what nobody has asked for, as another page is shown. */
export const forgetAhead = () => ahead.clear();

const keyOf = (method, url, body) => [method, url, JSON.stringify(body)].join(" ");

/** The JSON answer to a GET. */
export const get = (route, query, signal) => request("GET", address(route, query), undefined, signal);

/** The JSON answer to a POST of a JSON body. */
export const post = (route, body, signal) => request("POST", address(route), body, signal);

/** The JSON answer to a request of any method with a JSON body, for example "PATCH" or "DELETE". */
export const send = (method, route, body, signal) => request(method, address(route), body, signal);

/** The answer as a Response, for bytes and texts; a refusal is thrown. */
export const fetchFile = (route, query, signal) => respond("GET", address(route, query), undefined, signal);

/** As `fetchFile`, for a request of any method with a JSON body. */
export const fetchAnswer = (method, route, body, signal) => respond(method, address(route), body, signal);

async function request(method, url, body, signal) {
  const key = ahead.size ? keyOf(method, url, body) : "";
  const answer = ahead.get(key);
  if (answer) {
    ahead.delete(key);
    return answer;
  }
  const text = await (await respond(method, url, body, signal)).text();
  return text ? JSON.parse(text) : {};
}

async function respond(method, url, body, signal) {
  const options = { method, signal };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const response = await reach(url, options);
  if (!response.ok) throw refusal(response, await response.text());
  return response;
}

let silent = () => {
  // Nobody is told.
};

/** Has a function called whenever the server does not answer. */
export const onSilence = (told) => { silent = told; };

/** As `fetch`; when nobody answers, the error says so. */
export async function reach(url, options) {
  if (offline) return offline.answer(url, options);
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    silent();
    throw new ServerError(0, {}, "The server does not answer.");
  }
}

let unknown = () => {
  // Nobody is told.
};

/** Has a function called with the error of each request that the server refuses because it does not know who sends it. */
export const onUnknown = (told) => { unknown = told; };

function refusal(response, text) {
  let answer = {};
  try {
    answer = JSON.parse(text);
  } catch {
    // A proxy between may answer with a page; the status says enough.
  }
  const error = new ServerError(response.status, answer, `The server answered ${response.status} ${response.statusText}.`);
  if (error.status === 401) unknown(error);
  return error;
}
