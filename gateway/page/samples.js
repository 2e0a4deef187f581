/**
 * A job's sound for browsers whose MediaSource knows no MP3: its bare samples, each piece at its time, by Web Audio. It does
 * all that `Sound` does, with a key as without, and goes to a time exactly. Times are in s of the job.
 */

import { streamOf } from "./stream.js";
import { pause } from "./times.js";

const AHEAD_S = 30; // as floats that is 3 MB at 24 kHz
const PIECE_S = 0.25; // what is put on the clock at once: fewer seams, and the first one is soon there
const LEAD_S = 0.08; // between now and a piece that is late

export class Samples extends EventTarget {
  #context = null;
  #pieces = []; // {source, at, length, when}: on the clock, or played last
  #reading = null; // AbortController of the stream that is read
  #reached = 0; // what is on the clock ends there
  #done = false; // nothing more will come
  #at = 0; // the listener, where no piece says it better
  paused = true;
  ended = false;

  constructor(audio, course, onTrouble) {
    super();
    Object.assign(this, { course, onTrouble });
  }

  /** Where the listener is. */
  get time() {
    const now = this.#context?.currentTime ?? 0;
    const piece = this.#pieces.findLast(({ when }) => when <= now);
    return piece ? piece.at + Math.min(now - piece.when, piece.length) : this.#at;
  }

  async open(at) {
    this.#context = new AudioContext();
    await this.#context.suspend();
    this.#stream(at);
  }

  /** Rejects with a NotAllowedError, as an element does, if the user has pressed nothing yet. */
  async play() {
    if (!(navigator.userActivation?.hasBeenActive ?? true)) {
      throw new DOMException("nothing was pressed yet", "NotAllowedError");
    }
    if (this.ended) this.#stream(0);
    this.#tell(false);
    await this.#context.resume();
  }

  pause() {
    this.#context.suspend();
    this.#tell(true);
  }

  seek(at) {
    this.#stream(at);
    this.dispatchEvent(new Event("change"));
  }

  close() {
    this.#reading?.abort();
    this.#context?.close();
  }

  #tell(paused) {
    this.paused = paused;
    this.dispatchEvent(new Event("change"));
  }

  async #stream(at) {
    this.#reading?.abort();
    const { signal } = (this.#reading = new AbortController());
    for (const { source } of this.#pieces) source.stop();
    this.#pieces = [];
    this.#at = this.#reached = at;
    this.#done = this.ended = false;
    let cutter = null;
    try {
      for await (const { place, bytes, type } of streamOf(this.course, "pcm", at, () => this.#reached, signal)) {
        if (place) cutter = new Cutter(place.at);
        else for (const piece of cutter.cut(bytes, rateOf(type), this.#reached)) await this.#put(piece, signal);
      }
      const rest = cutter?.rest(this.#reached);
      if (rest && !signal.aborted) await this.#put(rest, signal);
    } catch (error) {
      if (!signal.aborted && !this.#pieces.length) this.onTrouble(error);
    }
    if (!signal.aborted) this.#finish();
  }

  /** Puts a piece on the clock, behind those that are there. */
  async #put({ samples, rate, at }, signal) {
    if (signal.aborted) return;
    const buffer = this.#context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#context.destination);
    const last = this.#pieces.at(-1);
    const when = Math.max(last ? last.when + last.length : 0, this.#context.currentTime + LEAD_S * !this.#flows(last));
    source.start(when);
    this.#pieces.push({ source, at, length: buffer.duration, when });
    this.#reached = at + buffer.duration;
    source.addEventListener("ended", () => signal.aborted || this.#played());
    while (this.#reached - this.time > AHEAD_S && !signal.aborted) await pause(250, signal);
  }

  #flows(last) {
    return last !== undefined && last.when + last.length > this.#context.currentTime;
  }

  #played() {
    const now = this.#context.currentTime;
    const current = this.#pieces.findLastIndex(({ when }) => when <= now);
    this.#pieces.splice(0, Math.max(0, current));
    if (this.#done) this.#finish();
  }

  #finish() {
    this.#done = true;
    const last = this.#pieces.at(-1);
    if (last && last.when + last.length > this.#context.currentTime) return;
    this.ended = true;
    this.#context.suspend();
    this.#tell(true);
  }
}

/** Cuts a stream of s16le into pieces of samples, leaving out what lies before a time. */
class Cutter {
  #rate = 0;
  #left = new Uint8Array(0);

  constructor(at) {
    this.at = at;
  }

  *cut(bytes, rate, from) {
    this.#rate = rate;
    const whole = new Uint8Array(this.#left.length + bytes.length);
    whole.set(this.#left);
    whole.set(bytes, this.#left.length);
    const step = 2 * Math.ceil(PIECE_S * rate);
    let begin = 0;
    for (; begin + step <= whole.length; begin += step) {
      const piece = this.#piece(whole.slice(begin, begin + step), from);
      if (piece) yield piece;
    }
    this.#left = whole.slice(begin);
  }

  /** What is left at the end of the stream; null for nothing. */
  rest(from) {
    return this.#rate ? this.#piece(this.#left.slice(0, this.#left.length & ~1), from) : null;
  }

  #piece(bytes, from) {
    const all = new DataView(bytes.buffer);
    const n = bytes.length / 2;
    const skipped = Math.min(n, Math.max(0, Math.round((from - this.at) * this.#rate)));
    const at = this.at + skipped / this.#rate;
    this.at += n / this.#rate;
    if (skipped === n) return null;
    const samples = Float32Array.from({ length: n - skipped }, (_, i) => all.getInt16(2 * (skipped + i), true) / 32768);
    return { samples, rate: this.#rate, at };
  }
}

const rateOf = (type) => Number(/rate=(\d+)/.exec(type)[1]);
