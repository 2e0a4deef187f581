/**
 * The player by MediaSource: a job's audio in an <audio> element whose time is the job's, wherever the stream started.
 * Dispatches "change" when it plays, pauses, ends or seeks. Times are in s of the job.
 */

import { audioStream } from "./audio-stream.js";
import { pause } from "./durations.js";

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource; // the former on iPhones
const TYPE = "audio/mpeg";
const AHEAD_S = 120; // 1 MB of MP3
const BEHIND_S = 600; // kept for seeking back; browsers hold about 12 MB
const NEAR_S = 0.06; // where two streams meet, a frame of the encoder may be missing

export const isSupported = Boolean(Source?.isTypeSupported(TYPE));

export class MediaSourcePlayer extends EventTarget {
  keepsPitch = true; // at any rate
  #source = null;
  #buffer = null;
  #streamAbort = null; // AbortController of the current stream
  #closeAbort = new AbortController();
  #target = null; // time to seek to once it is buffered

  constructor(audio, progress, onError) {
    super();
    Object.assign(this, { audio, progress, onError });
    for (const name of ["play", "pause", "ended", "seeking"]) {
      audio.addEventListener(name, () => this.dispatchEvent(new Event("change")), { signal: this.#closeAbort.signal });
    }
  }

  /** The current time. */
  get time() {
    return this.#target ?? this.audio.currentTime;
  }

  /** The rate of playback; 1 is normal. */
  set rate(value) {
    this.audio.defaultPlaybackRate = this.audio.playbackRate = value; // the former survives a new source
  }

  get paused() {
    return this.audio.paused;
  }

  get ended() {
    return this.audio.ended;
  }

  async open(at) {
    this.#source = new Source();
    this.audio.disableRemotePlayback = true; // required by ManagedMediaSource
    this.audio.src = URL.createObjectURL(this.#source);
    await eventOf(this.#source, "sourceopen");
    URL.revokeObjectURL(this.audio.src);
    this.#buffer = this.#source.addSourceBuffer(TYPE);
    this.#startStream(at);
  }

  play() {
    return this.audio.play();
  }

  pause() {
    this.audio.pause();
  }

  /** Seeks to a time; requests the audio again if it is not buffered. */
  seek(at) {
    if (this.#isBuffered(at)) {
      this.#target = null;
      this.audio.currentTime = at;
    } else {
      this.#startStream(at);
    }
  }

  close() {
    this.#closeAbort.abort();
    this.#streamAbort?.abort();
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  async #startStream(at) {
    this.#streamAbort?.abort();
    const { signal } = (this.#streamAbort = new AbortController());
    this.#target = at;
    let isFirst = true;
    try {
      for await (const { start, bytes } of audioStream(this.progress, "mp3", at, () => this.#resumeTime(), signal)) {
        if (start) await this.#prepare(start, isFirst, signal);
        else await this.#append(bytes, signal);
        isFirst = false;
      }
    } catch (error) {
      if (!signal.aborted && !this.#buffer.buffered.length) this.onError(error);
    }
    await this.#finish(signal);
  }

  /** Prepares the buffer for a stream that starts at `start`. */
  async #prepare(start, isFirst, signal) {
    await this.#updateEnd();
    if (signal.aborted) return;
    if (isFirst && !Number.isNaN(this.#source.duration)) {
      this.#buffer.remove(0, Infinity); // reopens a source that had ended
      await this.#updateEnd();
    }
    if (signal.aborted) return;
    if (this.#source.readyState === "open") this.#buffer.abort(); // drops an incomplete frame of the previous stream
    this.#buffer.timestampOffset = start.at;
  }

  async #append(bytes, signal) {
    await this.#updateEnd();
    if (signal.aborted) return;
    const old = this.audio.currentTime - BEHIND_S;
    if (old > 0 && this.#buffer.buffered.length && this.#buffer.buffered.start(0) < old - 60) {
      this.#buffer.remove(0, old);
      await this.#updateEnd();
    }
    if (signal.aborted) return;
    this.#buffer.appendBuffer(bytes);
    await this.#updateEnd();
    this.#seekToTarget();
    while (this.#bufferedEnd() - this.time > AHEAD_S && !signal.aborted) await pause(500, signal);
  }

  #seekToTarget() {
    if (this.#target !== null && this.#isBuffered(this.#target)) {
      this.audio.currentTime = Math.max(this.#target, this.#buffer.buffered.start(0));
      this.#target = null;
    }
  }

  async #finish(signal) {
    await this.#updateEnd();
    if (signal.aborted || this.#source.readyState !== "open") return;
    this.#source.endOfStream();
    if (this.#target === null) return;
    this.audio.currentTime = Math.min(this.#target, this.#bufferedEnd()); // the target is after the end
    this.#target = null;
  }

  /** The time at which a new stream has to continue. */
  #resumeTime() {
    return this.#target ?? this.#bufferedEnd();
  }

  #bufferedEnd() {
    const { buffered } = this.#buffer;
    return buffered.length ? buffered.end(buffered.length - 1) : 0;
  }

  #isBuffered(at) {
    const { buffered } = this.#buffer ?? { buffered: { length: 0 } };
    for (let i = 0; i < buffered.length; i++) {
      if (at >= buffered.start(i) - NEAR_S && at < buffered.end(i)) return true;
    }
    return false;
  }

  async #updateEnd() {
    while (this.#buffer.updating) await eventOf(this.#buffer, "updateend");
  }
}

function eventOf(target, name) {
  return new Promise((done) => target.addEventListener(name, done, { once: true }));
}
