/**
 * The player by Web Audio, for browsers without MP3 in MediaSource: PCM samples, each chunk scheduled at its time. It has
 * the interface of `MediaSourcePlayer`. Times are in s of the job.
 */

import { audioStream } from "./audio-stream.js";
import { pause } from "./durations.js";

const AHEAD_S = 30; // 3 MB of floats at 24 kHz
const CHUNK_S = 0.25; // longer chunks mean fewer seams, shorter ones an earlier start
const LEAD_S = 0.08; // delay of a chunk that is late

export class WebAudioPlayer extends EventTarget {
  keepsPitch = false; // samples that are played faster sound higher, so they are not
  rate = 1;
  #context = null;
  #scheduled = []; // {source, at, length, when}: scheduled, or played last
  #streamAbort = null; // AbortController of the current stream
  #scheduledEnd = 0; // end of the scheduled audio
  #done = false; // the stream has ended
  #position = 0; // the current time while no chunk has been played
  paused = true;
  ended = false;

  constructor(audio, progress, onError) {
    super();
    Object.assign(this, { progress, onError });
  }

  /** The current time. */
  get time() {
    const now = this.#context?.currentTime ?? 0;
    const chunk = this.#scheduled.findLast(({ when }) => when <= now);
    return chunk ? chunk.at + Math.min(now - chunk.when, chunk.length) : this.#position;
  }

  async open(at) {
    this.#context = new AudioContext();
    await this.#context.suspend();
    this.#startStream(at);
  }

  /** Starts playing. Rejects with a NotAllowedError, like an <audio> element, before the first user action. */
  async play() {
    if (!(navigator.userActivation?.hasBeenActive ?? true)) {
      throw new DOMException("no user action yet", "NotAllowedError");
    }
    if (this.ended) this.#startStream(0);
    this.#setPaused(false);
    await this.#context.resume();
  }

  pause() {
    this.#context.suspend();
    this.#setPaused(true);
  }

  seek(at) {
    this.#startStream(at);
    this.dispatchEvent(new Event("change"));
  }

  close() {
    this.#streamAbort?.abort();
    this.#context?.close();
  }

  #setPaused(paused) {
    this.paused = paused;
    this.dispatchEvent(new Event("change"));
  }

  async #startStream(at) {
    this.#streamAbort?.abort();
    const { signal } = (this.#streamAbort = new AbortController());
    for (const { source } of this.#scheduled) source.stop();
    this.#scheduled = [];
    this.#position = this.#scheduledEnd = at;
    this.#done = this.ended = false;
    let splitter = null;
    try {
      for await (const { start, bytes, type } of audioStream(this.progress, "pcm", at, () => this.#scheduledEnd, signal)) {
        if (start) splitter = new SampleSplitter(start.at);
        else for (const chunk of splitter.split(bytes, sampleRate(type), this.#scheduledEnd)) await this.#schedule(chunk, signal);
      }
      const last = splitter?.flush(this.#scheduledEnd);
      if (last && !signal.aborted) await this.#schedule(last, signal);
    } catch (error) {
      if (!signal.aborted && !this.#scheduled.length) this.onError(error);
    }
    if (!signal.aborted) this.#finish();
  }

  /** Schedules a chunk after the ones before. */
  async #schedule({ samples, rate, at }, signal) {
    if (signal.aborted) return;
    const buffer = this.#context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#context.destination);
    const last = this.#scheduled.at(-1);
    const when = Math.max(last ? last.when + last.length : 0, this.#context.currentTime + LEAD_S * !this.#isPlaying(last));
    source.start(when);
    this.#scheduled.push({ source, at, length: buffer.duration, when });
    this.#scheduledEnd = at + buffer.duration;
    source.addEventListener("ended", () => signal.aborted || this.#dropPlayed());
    while (this.#scheduledEnd - this.time > AHEAD_S && !signal.aborted) await pause(250, signal);
  }

  #isPlaying(last) {
    return last !== undefined && last.when + last.length > this.#context.currentTime;
  }

  #dropPlayed() {
    const now = this.#context.currentTime;
    const current = this.#scheduled.findLastIndex(({ when }) => when <= now);
    this.#scheduled.splice(0, Math.max(0, current));
    if (this.#done) this.#finish();
  }

  #finish() {
    this.#done = true;
    const last = this.#scheduled.at(-1);
    if (last && last.when + last.length > this.#context.currentTime) return;
    this.ended = true;
    this.#context.suspend();
    this.#setPaused(true);
  }
}

/** Splits a stream of s16le into chunks of samples, without those before a time. */
class SampleSplitter {
  #rate = 0;
  #remainder = new Uint8Array(0);

  constructor(at) {
    this.at = at;
  }

  *split(bytes, rate, from) {
    this.#rate = rate;
    const joined = new Uint8Array(this.#remainder.length + bytes.length);
    joined.set(this.#remainder);
    joined.set(bytes, this.#remainder.length);
    const step = 2 * Math.ceil(CHUNK_S * rate);
    let offset = 0;
    for (; offset + step <= joined.length; offset += step) {
      const chunk = this.#convert(joined.slice(offset, offset + step), from);
      if (chunk) yield chunk;
    }
    this.#remainder = joined.slice(offset);
  }

  /** The last chunk at the end of the stream; null if there is none. */
  flush(from) {
    return this.#rate ? this.#convert(this.#remainder.slice(0, this.#remainder.length & ~1), from) : null;
  }

  #convert(bytes, from) {
    const view = new DataView(bytes.buffer);
    const n = bytes.length / 2;
    const nSkipped = Math.min(n, Math.max(0, Math.round((from - this.at) * this.#rate)));
    const at = this.at + nSkipped / this.#rate;
    this.at += n / this.#rate;
    if (nSkipped === n) return null;
    const samples = Float32Array.from({ length: n - nSkipped }, (_, i) => view.getInt16(2 * (nSkipped + i), true) / 32768);
    return { samples, rate: this.#rate, at };
  }
}

const sampleRate = (type) => Number(/rate=(\d+)/.exec(type)[1]);
