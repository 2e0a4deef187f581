/**
 * The progress of a job: its sentences with their times, the available audio, its end. Read from the job's server-sent
 * events; dispatches "sentence" and "flaw" (detail: the sentence), "change" and "end". Times are in s of the job.
 */

import { GatewayError, requestJson, serverEvents } from "./api.js";
import { pause } from "./durations.js";

const RETRY_MS = 1000; // a gateway restarts, or another one takes over, within seconds

export class JobProgress extends EventTarget {
  sentences = []; // {seq, at, position, text, gap, seam}, in order of `at`
  availableS = 0; // duration of the available audio
  sentenceCount = 0; // known so far
  end = null; // {state, reason, audio_s}
  error = ""; // reason why the job cannot be followed any longer
  #starts = [{ at: 0, position: "" }]; // positions at which a stream may start
  #lastId = "";

  constructor(job) {
    super();
    this.job = job;
  }

  /** Follows the job until its end; reconnects when the connection is lost. */
  async follow(signal) {
    while (!this.end && !this.error && !signal.aborted) {
      try {
        await this.#readEvents(signal);
      } catch (error) {
        if (error instanceof GatewayError && [401, 404, 410].includes(error.status)) this.error = error.message;
        else if (!signal.aborted) await pause(error.retryAfterMs ?? RETRY_MS, signal);
      }
    }
    if (!signal.aborted) this.#notify("end");
  }

  /** The last position at or before `at` at which a stream may start. */
  startBefore(at) {
    return this.#starts[Math.max(0, lastIndexAt(this.#starts, at))];
  }

  /** The sentence at a time; null if there is none. */
  sentenceAt(at) {
    return this.sentences[lastIndexAt(this.sentences, at)] ?? null;
  }

  /** The index in `sentences` of the one at a time; -1 if there is none. */
  indexAt(at) {
    return lastIndexAt(this.sentences, at);
  }

  /** A sentence by its number; undefined while it is unknown. */
  sentence(seq) {
    const near = this.sentences[seq]; // in order, usually without gaps
    return near?.seq === seq ? near : this.sentences.find((each) => each.seq === seq);
  }

  /** Requests the job's state; returns it and updates the counts. */
  async refresh(signal) {
    const card = await requestJson(`/v1/jobs/${this.job}`, { signal });
    this.sentenceCount = card.sentences;
    this.availableS = Math.max(this.availableS, card.audio_s);
    this.#notify("change");
    return card;
  }

  async #readEvents(signal) {
    const after = this.#lastId ? `?after=${this.#lastId}` : "";
    for await (const { id, event, data } of serverEvents(`/v1/jobs/${this.job}/events${after}`, signal)) {
      this.#lastId = id || this.#lastId;
      if (event === "sentence") this.#addSentence(id, data);
      else if (event === "progress") this.#extend(id, data.audio_s);
      else if (event === "gap" || event === "discontinuity") this.#markFlaw(event, data);
      else if (event === "end") this.#finish(data);
      else if (event === "error") throw new GatewayError(0, data.error.code, data.error.message, null);
    }
  }

  #addSentence(position, { seq, at_s: at, text }) {
    const sentence = { seq, at, position, text };
    this.sentences.push(sentence);
    this.#extend(position, at);
    this.#notify("sentence", sentence);
  }

  /** Stores a gap or discontinuity with its sentence, and dispatches "flaw". */
  #markFlaw(event, { seq, reason }) {
    const sentence = this.sentence(seq);
    if (!sentence) return;
    if (event === "gap") sentence.gap = reason.replace(/^\w+: /, "") || "it could not be spoken"; // without the error's name
    else sentence.seam = true;
    this.#notify("flaw", sentence);
  }

  #extend(position, at) {
    this.availableS = Math.max(this.availableS, at);
    this.#starts.push({ at, position });
    this.#notify("change");
  }

  #finish(data) {
    this.end = data;
    this.availableS = data.audio_s;
    this.sentenceCount = Math.max(this.sentenceCount, data.sentences);
    this.#notify("change");
  }

  #notify(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** The index of the last row that starts at or before a time; -1 for none. Binary search: a book has thousands of rows. */
function lastIndexAt(rows, at) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].at <= at + 1e-3) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
