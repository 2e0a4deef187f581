/**
 * The form: a text becomes a job. When there is no room it says when there will be, and, if the user agrees, comes back
 * at that time, which the gateway keeps a place for. One press is one job, however often it has to be sent.
 */

import { Refusal, send } from "./api.js";
import { clock, pause, roughly } from "./times.js";
import { chosen } from "./voices.js";

const WHY = {
  busy: "All workers are taken.",
  no_workers: "No worker is running who could speak this.",
  memory_full: "The system's memory is full of speech that nobody has fetched.",
  cap_reached: "You have as much in work as your key allows.",
  unavailable: "The system behind this gateway does not answer.",
};
const COUNTED_MS = 150; // after the last key: the words of a book take as long as ten keys
const LARGEST = 16 * 1024 * 1024; // bytes of a file: as the gateway has it unless it is told otherwise

const $ = (id) => document.getElementById(id);
const text = $("text");
const refusal = $("refusal");

/** `onJob(card, text)` is called when a job was accepted, `onPress()` at the press; `say(words)` tells, `warn(words)` shows. */
export function compose({ onJob, onPress, say, warn }) {
  let waiting = null; // AbortController of the wait

  $("say").addEventListener("submit", (event) => {
    event.preventDefault();
    waiting?.abort();
    waiting = new AbortController();
    onPress();
    submit(waiting.signal);
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("say").requestSubmit();
  });
  let counting = 0;
  text.addEventListener("input", () => {
    clearTimeout(counting);
    counting = setTimeout(count, COUNTED_MS);
  });
  $("file").addEventListener("change", ({ target }) => take(target.files[0], warn));
  takeDrops(warn);
  $("stop-waiting").addEventListener("click", () => {
    waiting?.abort();
    refusal.hidden = true;
    text.focus();
  });

  async function submit(signal) {
    const input = text.value;
    if (!input.trim()) {
      text.focus();
      warn("There is no text yet.");
      return;
    }
    const wanted = { ...chosen(), input, speed: Number($("speed").value), kind: $("batch").checked ? "batch" : "live" };
    const once = { "idempotency-key": randomName() };
    for (let agreed = false; !signal.aborted; agreed = true) {
      try {
        $("speak").disabled = true;
        const card = await send("/v1/jobs", { ...wanted, drain: "store" }, once);
        refusal.hidden = true;
        if (!signal.aborted) onJob(card, input);
        return;
      } catch (error) {
        $("speak").disabled = false;
        if (!(await comeBack(error, agreed, signal))) return;
      } finally {
        $("speak").disabled = false;
      }
    }
  }

  /** Says what is the matter, and waits until it is time. Returns whether to try again. */
  async function comeBack(error, agreed, signal) {
    const againMs = error instanceof Refusal ? error.againMs : 5000; // else the network has failed
    const why = WHY[error.code] ?? (error instanceof Refusal ? sentence(error.message) : "The gateway cannot be reached.");
    const until = Date.now() + (againMs ?? 0);
    const when = againMs ? ` There should be room in ${roughly(againMs / 1000)}.` : "";
    refusal.hidden = false;
    $("refusal-words").textContent = why + when;
    $("refusal-detail").textContent = error.code in WHY ? sentence(error.message) : "";
    $("wait").hidden = agreed || !againMs;
    $("countdown").textContent = "";
    say(why + when);
    if (!againMs || (!agreed && !(await pressed($("wait"), signal)))) return false;
    $("wait").hidden = true;
    $("stop-waiting").focus();
    while (Date.now() < until && !signal.aborted) {
      $("countdown").textContent = `Trying again in ${clock(Math.ceil((until - Date.now()) / 1000))}.`;
      await pause(Math.min(250, until - Date.now()), signal);
    }
    $("countdown").textContent = "Trying again.";
    return !signal.aborted;
  }
}

function takeDrops(warn) {
  for (const name of ["dragover", "dragleave", "drop"]) {
    text.addEventListener(name, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      text.classList.toggle("dropping", name === "dragover");
      if (name === "drop") take(event.dataTransfer.files[0], warn);
    });
  }
}

/** A file's text: UTF-8, or UTF-16 that says so by its first two bytes, as the gateway takes it. */
function decoded(bytes) {
  const mark = (bytes[0] << 8) | bytes[1];
  const name = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  const found = new TextDecoder(name, { fatal: true }).decode(bytes);
  if (found.includes("\0")) throw new TypeError("a null byte");
  return found;
}

async function take(file, warn) {
  if (!file) return;
  if (file.size > LARGEST) {
    warn(`${file.name} is larger than 16 MB.`);
    return;
  }
  try {
    text.value = decoded(new Uint8Array(await file.arrayBuffer()));
    count();
    warn(`${file.name} is in the text field.`);
  } catch {
    warn(`${file.name} is not a text in UTF-8 or UTF-16.`);
  }
}

export function count() {
  const words = text.value.match(/\S+/g)?.length ?? 0;
  $("count").textContent = words ? `${words.toLocaleString("en")} word${words === 1 ? "" : "s"}` : "No words yet.";
}

function pressed(button, signal) {
  return new Promise((done) => {
    button.addEventListener("click", () => done(true), { once: true, signal });
    signal.addEventListener("abort", () => done(false), { once: true });
  });
}

/** What the gateway said, as a sentence; when to come back is said better already. */
function sentence(message) {
  const said = message.replace(/; retry after [\d.]+ s$/, "");
  return said.charAt(0).toUpperCase() + said.slice(1) + (/[.!?]$/.test(said) ? "" : ".");
}

function randomName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
