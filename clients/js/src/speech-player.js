/**
 * The player: schedules the audio of speeches with Web Audio, each chunk behind the last, and says which sentence
 * sounds. It plays the format pcm. Where audio comes late, playback pauses and goes on with the next chunk.
 */

import { SeriatimError } from "./errors.js";
import { durationMs, floatSamples } from "./samples.js";

const LEAD_S = 0.05; // delay of the first chunk, and of one that is late
const TICK_MS = 50; // between two looks at the position
const REPORT_MS = 1000; // between two reports of what was played, also during a pause

export class SpeechPlayer extends EventTarget {
  #context;
  #speech = null;
  #chunks = []; // {startMs, lengthMs, when, source}: scheduled; those played are removed but for the last
  #scheduledEnd = 0; // context time at which the last chunk ends
  #waiting = []; // sentences that have not sounded yet
  #timer = null;
  #reportedAt = 0; // time of the last report

  /** `context`: an AudioContext; by default a new one, when the first speech is played. */
  constructor({ context = null } = {}) {
    super();
    this.#context = context;
  }

  /** The position in the current speech, in ms; 0 before its first sound. */
  get positionMs() {
    const now = this.#context?.currentTime ?? 0;
    const chunk = this.#chunks.findLast(({ when }) => when <= now);
    return chunk ? chunk.startMs + Math.min((now - chunk.when) * 1000, chunk.lengthMs) : 0;
  }

  /**
   * Plays a speech. Resolves with true when its end was played, with false after `stop`; rejects with a SeriatimError.
   * Dispatches `sentence` (detail: seq, text, startMs) when a sentence begins to sound, and `gap` where one is missing.
   */
  async play(speech) {
    if (speech.format !== "pcm") throw new SeriatimError(`format ${speech.format}; expected pcm`, "bad_input");
    await this.stop();
    this.#speech = speech;
    this.#context ??= new AudioContext();
    this.#scheduledEnd = this.#reportedAt = 0;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    try {
      for await (const event of speech) {
        if (this.#speech !== speech) return false;
        this.#take(event);
      }
      return await this.#playedToEnd(speech);
    } finally {
      if (this.#speech === speech) this.#clear();
    }
  }

  /** Stops playback at once and cancels the speech. Resolves when the gateway has ended its job. */
  async stop() {
    const speech = this.#speech;
    this.#report();
    this.#clear();
    await speech?.cancel();
  }

  pause() {
    return this.#context?.suspend();
  }

  resume() {
    return this.#context?.resume();
  }

  #take(event) {
    if (event.type === "audio") this.#schedule(event);
    else if (event.type === "sentence") this.#waiting.push(event);
    else if (event.type === "gap") this.dispatchEvent(new CustomEvent("gap", { detail: event }));
  }

  #schedule({ audio, rateHz, startMs }) {
    const samples = floatSamples(audio);
    const buffer = this.#context.createBuffer(1, samples.length, rateHz);
    buffer.copyToChannel(samples, 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#context.destination);
    const isLate = this.#scheduledEnd < this.#context.currentTime;
    const when = isLate ? this.#context.currentTime + LEAD_S : this.#scheduledEnd;
    source.start(when);
    this.#scheduledEnd = when + buffer.duration;
    this.#chunks.push({ startMs, lengthMs: durationMs(audio.length, rateHz), when, source });
  }

  #tick() {
    const position = this.positionMs;
    const hasSound = this.#chunks.length > 0 && this.#chunks[0].when <= this.#context.currentTime;
    while (hasSound && this.#waiting.length && this.#waiting[0].startMs <= position) {
      this.dispatchEvent(new CustomEvent("sentence", { detail: this.#waiting.shift() }));
    }
    if (Date.now() - this.#reportedAt >= REPORT_MS) this.#report();
    const playing = this.#chunks.findLastIndex(({ when }) => when <= this.#context.currentTime);
    if (playing > 0) this.#chunks.splice(0, playing);
  }

  #report() {
    if (!this.#chunks.length) return; // nothing is played
    this.#reportedAt = Date.now();
    this.#speech.reportPlayed(Math.round(this.positionMs));
  }

  async #playedToEnd(speech) {
    while (this.#speech === speech && this.#context.currentTime < this.#scheduledEnd) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    if (this.#speech !== speech) return false;
    this.#tick(); // the last sentence may be shorter than the interval
    speech.reportPlayed(Math.ceil(speech.durationMs) + 1); // not less than the pool counts
    return true;
  }

  #clear() {
    clearInterval(this.#timer);
    for (const { source } of this.#chunks) source.stop();
    this.#chunks = [];
    this.#waiting = [];
    this.#speech = null;
  }
}
