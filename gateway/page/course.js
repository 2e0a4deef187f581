/**
 * What is known of a job's course: its sentences in their times, how much of it was spoken, how it ended.
 * It comes as events and is told on as "sentence" and "flaw" (detail: the sentence), "change" and "end". Times are in s of the
 * job.
 */

import { Refusal, askJson, told } from "./api.js";
import { pause } from "./times.js";

const AGAIN_MS = 1000; // a gateway that was lost is back, or another one has taken its place, within seconds

export class Course extends EventTarget {
  sentences = []; // {seq, at, position, text, gap, seam}, in order of `at`
  made = 0; // s of sound that can be heard
  total = 0; // sentences known of
  end = null; // {state, reason, audio_s}
  lost = ""; // why nothing more can be known
  #marks = [{ at: 0, position: "" }]; // where a listener may begin
  #last = "";

  constructor(job) {
    super();
    this.job = job;
  }

  /** Follows the job until its end, through losses of the connection. */
  async follow(signal) {
    while (!this.end && !this.lost && !signal.aborted) {
      try {
        await this.#hear(signal);
      } catch (error) {
        if (error instanceof Refusal && [401, 404, 410].includes(error.status)) this.lost = error.message;
        else if (!signal.aborted) await pause(error.againMs ?? AGAIN_MS, signal);
      }
    }
    if (!signal.aborted) this.#tell("end");
  }

  /** The last place at or before `at` from which the sound can be had. */
  before(at) {
    return this.#marks[Math.max(0, lastBy(this.#marks, at))];
  }

  /** The sentence that is heard at a time. */
  sentenceAt(at) {
    return this.sentences[lastBy(this.sentences, at)] ?? null;
  }

  /** Which of `sentences` is heard at a time; -1 if none is. */
  placeAt(at) {
    return lastBy(this.sentences, at);
  }

  /** A sentence by its number; undefined while it is not known. */
  sentence(seq) {
    const near = this.sentences[seq]; // they are in order, mostly without a hole
    return near?.seq === seq ? near : this.sentences.find((each) => each.seq === seq);
  }

  /** Asks how many sentences there are, and what the job's state is. */
  async look(signal) {
    const card = await askJson(`/v1/jobs/${this.job}`, { signal });
    this.total = card.sentences;
    this.made = Math.max(this.made, card.audio_s);
    this.#tell("change");
    return card;
  }

  async #hear(signal) {
    const after = this.#last ? `?after=${this.#last}` : "";
    for await (const { id, event, data } of told(`/v1/jobs/${this.job}/events${after}`, signal)) {
      this.#last = id || this.#last;
      if (event === "sentence") this.#sentence(id, data);
      else if (event === "progress") this.#reach(id, data.audio_s);
      else if (event === "gap" || event === "discontinuity") this.#flaw(event, data);
      else if (event === "end") this.#ended(data);
      else if (event === "error") throw new Refusal(0, data.error.code, data.error.message, null);
    }
  }

  #sentence(position, { seq, at_s: at, text }) {
    const sentence = { seq, at, position, text };
    this.sentences.push(sentence);
    this.#reach(position, at);
    this.#tell("sentence", sentence);
  }

  /** What went wrong with a sentence is kept with it, and told as the sentence is, again. */
  #flaw(event, { seq, reason }) {
    const sentence = this.sentence(seq);
    if (!sentence) return;
    if (event === "gap") sentence.gap = reason.replace(/^\w+: /, "") || "it could not be spoken"; // without the error's name
    else sentence.seam = true;
    this.#tell("flaw", sentence);
  }

  #reach(position, at) {
    this.made = Math.max(this.made, at);
    this.#marks.push({ at, position });
    this.#tell("change");
  }

  #ended(data) {
    this.end = data;
    this.made = data.audio_s;
    this.total = Math.max(this.total, data.sentences);
    this.#tell("change");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** The place of the last one that begins at or before a time; -1 for none. They are in order, and thousands in a book. */
function lastBy(rows, at) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].at <= at + 1e-3) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
