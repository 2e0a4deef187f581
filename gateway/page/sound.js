/**
 * A job's sound in an <audio> element, through a MediaSource: the element's time is the job's, wherever the stream began.
 * "change" is told when it plays, pauses, ends or goes elsewhere. Times are in s of the job.
 */

import { streamOf } from "./stream.js";
import { pause } from "./times.js";

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource; // the former: phones of Apple's
const TYPE = "audio/mpeg";
const AHEAD_S = 120; // that much MP3 is 1 MB
const BEHIND_S = 600; // so far back nothing has to be asked for again; browsers hold about 12 MB
const NEAR_S = 0.06; // where two streams meet there may be a hole of an encoder's frame

export const supported = Boolean(Source?.isTypeSupported(TYPE));

export class Sound extends EventTarget {
  #source = null;
  #buffer = null;
  #reading = null; // AbortController of the stream that is read
  #closing = new AbortController();
  #want = null; // where to go as soon as that is there

  constructor(audio, course, onTrouble) {
    super();
    Object.assign(this, { audio, course, onTrouble });
    for (const name of ["play", "pause", "ended", "seeking"]) {
      audio.addEventListener(name, () => this.dispatchEvent(new Event("change")), { signal: this.#closing.signal });
    }
  }

  /** Where the listener is. */
  get time() {
    return this.#want ?? this.audio.currentTime;
  }

  get paused() {
    return this.audio.paused;
  }

  get ended() {
    return this.audio.ended;
  }

  async open(at) {
    this.#source = new Source();
    this.audio.disableRemotePlayback = true; // a ManagedMediaSource asks for it
    this.audio.src = URL.createObjectURL(this.#source);
    await happens(this.#source, "sourceopen");
    URL.revokeObjectURL(this.audio.src);
    this.#buffer = this.#source.addSourceBuffer(TYPE);
    this.#stream(at);
  }

  play() {
    return this.audio.play();
  }

  pause() {
    this.audio.pause();
  }

  /** Goes to a time; asks for the sound again if it is not held. */
  seek(at) {
    if (this.#holds(at)) {
      this.#want = null;
      this.audio.currentTime = at;
    } else {
      this.#stream(at);
    }
  }

  close() {
    this.#closing.abort();
    this.#reading?.abort();
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  async #stream(at) {
    this.#reading?.abort();
    const { signal } = (this.#reading = new AbortController());
    this.#want = at;
    let anew = true;
    try {
      for await (const { place, bytes } of streamOf(this.course, "mp3", at, () => this.#goal(), signal)) {
        if (place) await this.#begin(place, anew, signal);
        else await this.#append(bytes, signal);
        anew = false;
      }
    } catch (error) {
      if (!signal.aborted && !this.#buffer.buffered.length) this.onTrouble(error);
    }
    await this.#finish(signal);
  }

  /** Makes the buffer ready for a stream that begins at a place. */
  async #begin(place, anew, signal) {
    await this.#quiet();
    if (signal.aborted) return;
    if (anew && !Number.isNaN(this.#source.duration)) {
      this.#buffer.remove(0, Infinity); // opens a source again that had ended
      await this.#quiet();
    }
    if (signal.aborted) return;
    if (this.#source.readyState === "open") this.#buffer.abort(); // half a frame of the stream before
    this.#buffer.timestampOffset = place.at;
  }

  async #append(bytes, signal) {
    await this.#quiet();
    if (signal.aborted) return;
    const old = this.audio.currentTime - BEHIND_S;
    if (old > 0 && this.#buffer.buffered.length && this.#buffer.buffered.start(0) < old - 60) {
      this.#buffer.remove(0, old);
      await this.#quiet();
    }
    if (signal.aborted) return;
    this.#buffer.appendBuffer(bytes);
    await this.#quiet();
    this.#arrive();
    while (this.#reached() - this.time > AHEAD_S && !signal.aborted) await pause(500, signal);
  }

  #arrive() {
    if (this.#want !== null && this.#holds(this.#want)) {
      this.audio.currentTime = Math.max(this.#want, this.#buffer.buffered.start(0));
      this.#want = null;
    }
  }

  async #finish(signal) {
    await this.#quiet();
    if (signal.aborted || this.#source.readyState !== "open") return;
    this.#source.endOfStream();
    if (this.#want === null) return;
    this.audio.currentTime = Math.min(this.#want, this.#reached()); // there is nothing behind it
    this.#want = null;
  }

  /** Where a stream has to begin that goes on. */
  #goal() {
    return this.#want ?? this.#reached();
  }

  #reached() {
    const { buffered } = this.#buffer;
    return buffered.length ? buffered.end(buffered.length - 1) : 0;
  }

  #holds(at) {
    const { buffered } = this.#buffer ?? { buffered: { length: 0 } };
    for (let i = 0; i < buffered.length; i++) {
      if (at >= buffered.start(i) - NEAR_S && at < buffered.end(i)) return true;
    }
    return false;
  }

  async #quiet() {
    while (this.#buffer.updating) await happens(this.#buffer, "updateend");
  }
}

function happens(target, name) {
  return new Promise((done) => target.addEventListener(name, done, { once: true }));
}
