/**
 * The form that submits a text as a job. If the gateway refuses, the form shows when there will be room and, if the user
 * agrees, retries at that time, for which the gateway reserves a place. One press is one job, even after retries.
 */

import { GatewayError, postFile, postJson, randomKey } from "./api.js";
import { clockFace, pause, approximately } from "./durations.js";
import { chosenCast, showSpeakers } from "./voices/dialogue-cast.js";
import { chosenVoice } from "./voices/voice-fields.js";

const EXPLANATIONS = {
  busy: "All workers are busy.",
  no_workers: "No worker is running for this.",
  memory_full: "The system's memory is full of audio that was not fetched.",
  cap_reached: "You have reached the limit of your key.",
  unavailable: "The system behind this gateway does not respond.",
};
const COUNT_DELAY_MS = 150; // after the last key press: counting the words of a book takes a moment
const MAX_FILE_BYTES = 16 * 1024 * 1024; // the gateway's default limit

const $ = (id) => document.getElementById(id);
const text = $("text");
let attachedFile = null; // a document that the gateway will read; typing a text replaces it
const MARKED_START = /^\s*(<[!?a-z]|WEBVTT|\{\\rtf|(\d+\s*\n)?\d+:\d\d(:\d\d)?[,.]\d+\s*-->)/i; // of text that holds more than words
const refusal = $("refusal");

/** Calls `onPress()` when Speak is pressed, and `onJob(card, text, body)` when the job was accepted. */
export function setUpForm({ onJob, onPress, announce, showNotice }) {
  let abortController = null; // of the current submission

  $("say").addEventListener("submit", (event) => {
    event.preventDefault();
    abortController?.abort();
    abortController = new AbortController();
    onPress();
    submit(abortController.signal);
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("say").requestSubmit();
  });
  let countTimer = 0;
  text.addEventListener("input", () => {
    attachedFile = null;
    clearTimeout(countTimer);
    countTimer = setTimeout(countWords, COUNT_DELAY_MS);
  });
  $("file").addEventListener("change", ({ target }) => loadFile(target.files[0], showNotice));
  acceptDroppedFiles(showNotice);
  $("stop-waiting").addEventListener("click", () => {
    abortController?.abort();
    refusal.hidden = true;
    text.focus();
  });

  async function submit(signal) {
    const input = text.value;
    const file = attachedFile;
    if (!file && !input.trim()) {
      text.focus();
      showNotice("There is no text yet.");
      return;
    }
    const jobRequest = { ...chosenVoice(), ...chosenCast(), speed: Number($("speed").value), kind: $("batch").checked ? "batch" : "live" };
    const idempotencyHeader = { "idempotency-key": randomKey() };
    for (let willRetry = false; !signal.aborted; willRetry = true) {
      try {
        $("speak").disabled = true;
        const fields = { ...jobRequest, drain: "store" };
        const card = file
          ? await postFile("/v1/jobs", file, fields, idempotencyHeader)
          : await postJson("/v1/jobs", { ...fields, input }, idempotencyHeader);
        refusal.hidden = true;
        if (!signal.aborted) onJob(card, file ? "" : input, file ? null : { input, ...jobRequest });
        return;
      } catch (error) {
        $("speak").disabled = false;
        if (!(await waitForRetry(error, willRetry, signal))) return;
      } finally {
        $("speak").disabled = false;
      }
    }
  }

  /** Shows the error, and waits until it is time to retry. Returns whether to retry. */
  async function waitForRetry(error, willRetry, signal) {
    const retryAfterMs = error instanceof GatewayError ? error.retryAfterMs : 5000; // otherwise the network has failed
    const explanation = EXPLANATIONS[error.code] ?? (error instanceof GatewayError ? asSentence(error.message) : "The gateway cannot be reached.");
    const deadline = Date.now() + (retryAfterMs ?? 0);
    const retryHint = retryAfterMs ? ` There should be room in ${approximately(retryAfterMs / 1000)}.` : "";
    refusal.hidden = false;
    $("refusal-words").textContent = explanation + retryHint;
    $("refusal-detail").textContent = error.code in EXPLANATIONS ? asSentence(error.message) : "";
    $("wait").hidden = willRetry || !retryAfterMs;
    $("countdown").textContent = "";
    announce(explanation + retryHint);
    if (!retryAfterMs || (!willRetry && !(await buttonPressed($("wait"), signal)))) return false;
    $("wait").hidden = true;
    $("stop-waiting").focus();
    while (Date.now() < deadline && !signal.aborted) {
      $("countdown").textContent = `Trying again in ${clockFace(Math.ceil((deadline - Date.now()) / 1000))}.`;
      await pause(Math.min(250, deadline - Date.now()), signal);
    }
    $("countdown").textContent = "Trying again.";
    return !signal.aborted;
  }
}

function acceptDroppedFiles(showNotice) {
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.toggle("dropping", name === "dragover");
      if (name === "drop") loadFile(event.dataTransfer.files[0], showNotice);
    });
  }
}

/** The text of a file in UTF-8, or in UTF-16 with a byte order mark; null if the gateway has to extract it. */
function decodeText(bytes) {
  const mark = (bytes[0] << 8) | bytes[1];
  const name = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  try {
    const result = new TextDecoder(name, { fatal: true }).decode(bytes);
    return result.includes("\0") || MARKED_START.test(result) ? null : result;
  } catch {
    return null;
  }
}

async function loadFile(file, showNotice) {
  if (!file) return;
  if (file.size > MAX_FILE_BYTES) {
    showNotice(`${file.name} is larger than 16 MB.`);
    return;
  }
  const plainText = decodeText(new Uint8Array(await file.arrayBuffer()));
  attachedFile = plainText === null ? file : null;
  text.value = plainText ?? "";
  countWords();
  showNotice(attachedFile ? `${file.name} is ready. The gateway will read it.` : `${file.name} was loaded into the text field.`);
}

export function countWords() {
  showSpeakers(attachedFile ? "" : text.value);
  if (attachedFile) {
    $("count").textContent = attachedFile.name;
    return;
  }
  const words = text.value.match(/\S+/g)?.length ?? 0;
  $("count").textContent = words ? `${words.toLocaleString("en")} word${words === 1 ? "" : "s"}` : "No words yet.";
}

function buttonPressed(button, signal) {
  return new Promise((done) => {
    button.addEventListener("click", () => done(true), { idempotencyHeader: true, signal });
    signal.addEventListener("abort", () => done(false), { idempotencyHeader: true });
  });
}

/** The gateway's message as a sentence, without its retry time, which the form shows. */
function asSentence(message) {
  const shortened = message.replace(/; retry after [\d.]+ s$/, "");
  return shortened.charAt(0).toUpperCase() + shortened.slice(1) + (/[.!?]$/.test(shortened) ? "" : ".");
}
