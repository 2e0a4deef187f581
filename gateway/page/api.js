/**
 * Talking to the gateway. What it refuses is a `Refusal`: what it said, and when to come back.
 * The key is kept for this tab alone; where the gateway wants one, the page asks for it and the request goes on.
 */

const KEY = "seriatim.key";

/** An answer that is an error. `againMs`: when to come back; null if that would change nothing. */
export class Refusal extends Error {
  constructor(status, code, message, againMs) {
    super(message);
    Object.assign(this, { status, code, againMs });
  }
}

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

let wanted = async () => false;

/** `ask(refused)` is called when a key is wanted, and says whether there is one now. */
export function onKeyWanted(ask) {
  wanted = ask;
}

/** A request; returns the answer if it is none of the errors. */
export async function ask(path, options = {}) {
  for (;;) {
    const given = key.get();
    const headers = { ...options.headers, ...(given && { authorization: `Bearer ${given}` }) };
    // A proxy may serve us under a path.
    const answer = await fetch(new URL(path.slice(1), document.baseURI), { ...options, headers });
    if (answer.ok) return answer;
    if (answer.status === 401 && key.get() !== given) continue; // another request has asked for it meanwhile
    if (answer.status !== 401 || !(await wanted(given !== ""))) throw await refusal(answer);
  }
}

export async function askJson(path, options) {
  return (await ask(path, options)).json();
}

export function send(path, body, headers = {}) {
  const all = { "content-type": "application/json", ...headers };
  return askJson(path, { method: "POST", body: JSON.stringify(body), headers: all });
}

async function refusal(answer) {
  const body = await answer.json().catch(() => ({}));
  const ms = Number(answer.headers.get("retry-after-ms")) || 1000 * Number(answer.headers.get("retry-after"));
  const error = body.error ?? { code: "", message: `the gateway answered ${answer.status}` };
  return new Refusal(answer.status, error.code, error.message, ms || null);
}

/** Server-sent events as {id, event, data}, read by fetch: EventSource cannot send a key. */
export async function* told(path, signal) {
  const answer = await ask(path, { signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parsed(block);
      if (event.data !== null) yield event;
    }
  }
}

function parsed(block) {
  const event = { id: "", event: "message", data: null };
  for (const line of block.split("\n")) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === "data") event.data = JSON.parse(value);
    else if (name) event[name] = value;
  }
  return event;
}
