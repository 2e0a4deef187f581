/**
 * Requests to the gateway's API. An error response becomes a `GatewayError` with its message and its Retry-After.
 * The API key is kept for this tab only; when the gateway requires one, the page asks for it and repeats the request.
 */

const KEY = "seriatim.key";

/** An error response. `retryAfterMs`: when to retry; null if that is no use. */
export class GatewayError extends Error {
  constructor(status, code, message, retryAfterMs) {
    super(message);
    Object.assign(this, { status, code, retryAfterMs });
  }
}

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

let requestKey = async () => false;

/** Registers `ask(wasRejected)`, which is called when a key is required and resolves to whether there is one now. */
export function onKeyRequired(request) {
  requestKey = request;
}

/** Sends a request; returns the response, or throws a `GatewayError`. */
export async function request(path, options = {}) {
  for (;;) {
    const sentKey = key.get();
    const headers = { ...options.headers, ...(sentKey && { authorization: `Bearer ${sentKey}` }) };
    // A proxy may serve the page under a path.
    const response = await fetch(new URL(path.slice(1), document.baseURI), { ...options, headers });
    if (response.ok) return response;
    if (response.status === 401 && key.get() !== sentKey) continue; // another request got a key meanwhile
    if (response.status !== 401 || !(await requestKey(sentKey !== ""))) throw await errorOf(response);
  }
}

export async function requestJson(path, options) {
  return (await request(path, options)).json();
}

export function postJson(path, body, headers = {}) {
  const allHeaders = { "content-type": "application/json", ...headers };
  return requestJson(path, { method: "POST", body: JSON.stringify(body), headers: allHeaders });
}

/** Sends a file with fields, of which empty ones are left out. */
export function postFile(path, file, fields, headers = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined && value !== "") form.append(name, value);
  form.append("file", file);
  return requestJson(path, { method: "POST", body: form, headers });
}

/** A new Idempotency-Key: whatever is sent again with it is done once. */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function errorOf(response) {
  const body = await response.json().catch(() => ({}));
  const ms = Number(response.headers.get("retry-after-ms")) || 1000 * Number(response.headers.get("retry-after"));
  const error = body.error ?? { code: "", message: `the gateway responded with status ${response.status}` };
  return new GatewayError(response.status, error.code, error.message, ms || null);
}

/** Reads server-sent events as {id, event, data} by fetch, because EventSource cannot send a key. */
export async function* serverEvents(path, signal) {
  const response = await request(path, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let unfinished = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (unfinished + value).split("\n\n");
    unfinished = blocks.pop();
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event.data !== null) yield event;
    }
  }
}

function parseEvent(block) {
  const event = { id: "", event: "message", data: null };
  for (const line of block.split("\n")) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === "data") event.data = JSON.parse(value);
    else if (name) event[name] = value;
  }
  return event;
}
