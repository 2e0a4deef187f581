/**
 * A job's sound in an <audio> element, through a MediaSource: the element's time is the job's, wherever the stream
 * began. The page reads the stream itself, so it can send a key, wait when enough lies ahead, begin at any sentence,
 * and go on after a connection was lost, at this gateway or at another.
 */

import { Refusal, ask } from "./api.js";
import { pause } from "./times.js";

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource; // the former: phones of Apple's
const TYPE = "audio/mpeg";
const AHEAD_S = 120; // that much MP3 is 1 MB
const BEHIND_S = 600; // so far back nothing has to be asked for again; browsers hold about 12 MB
const AGAIN_MS = 1000;
const FINAL = [401, 404, 409, 410, 500]; // asking again would change nothing
const NEAR_S = 0.06; // where two streams meet there may be a hole of an encoder's frame

export const supported = Boolean(Source?.isTypeSupported(TYPE));

export class Sound {
  #source = null;
  #buffer = null;
  #reading = null; // AbortController of the stream that is read
  #want = null; // where to go as soon as that is there

  constructor(audio, course, onTrouble) {
    Object.assign(this, { audio, course, onTrouble });
  }

  /** Where the listener is, in s of the job. */
  get time() {
    return this.#want ?? this.audio.currentTime;
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
    this.#reading?.abort();
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  async #stream(at) {
    this.#reading?.abort();
    const { signal } = (this.#reading = new AbortController());
    this.#want = at;
    let place = this.course.before(at);
    await this.#begin(place, true, signal);
    while (!signal.aborted && place) {
      place = await this.#read(place, signal);
      if (place) await this.#begin(place, false, signal);
    }
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

  /** Reads a stream to its end. Returns the place from which to go on; null when that is not needed. */
  async #read(place, signal) {
    try {
      const after = place.position ? `&after=${place.position}` : "";
      const answer = await ask(`/v1/jobs/${this.course.job}/audio?format=mp3${after}`, { signal });
      for await (const bytes of pieces(answer.body)) {
        await this.#append(bytes, signal);
        if (signal.aborted) return null;
      }
    } catch (error) {
      if (signal.aborted) return null;
      return this.#after(error, signal);
    }
    await this.#finish(signal);
    return null;
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
    while (this.#ahead() > AHEAD_S && !signal.aborted) await pause(500, signal);
  }

  #arrive() {
    if (this.#want !== null && this.#holds(this.#want)) {
      this.audio.currentTime = Math.max(this.#want, this.#buffer.buffered.start(0));
      this.#want = null;
    }
  }

  /** After a stream broke: waits, and says where to go on; null if it has come to its end all the same. */
  async #after(error, signal) {
    const refused = error instanceof Refusal && FINAL.includes(error.status);
    const short = this.course.end && this.course.end.state !== "done"; // its stream is cut on purpose
    if (refused || short) {
      if (refused && !this.#buffer.buffered.length) this.onTrouble(error);
      await this.#finish(signal);
      return null;
    }
    await pause(error.againMs ?? AGAIN_MS, signal);
    return this.course.before(this.#want ?? this.#reached());
  }

  async #finish(signal) {
    await this.#quiet();
    if (signal.aborted || this.#source.readyState !== "open") return;
    this.#source.endOfStream();
    if (this.#want === null) return;
    this.audio.currentTime = Math.min(this.#want, this.#reached()); // there is nothing behind it
    this.#want = null;
  }

  #reached() {
    const { buffered } = this.#buffer;
    return buffered.length ? buffered.end(buffered.length - 1) : 0;
  }

  #ahead() {
    return this.#reached() - (this.#want ?? this.audio.currentTime);
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

/**
 * For browsers whose MediaSource knows no MP3: the element reads the stream by itself. Its time counts from where that
 * began. It cannot send a key: with one the sound is fetched first, and heard when it is whole.
 */
export class PlainSound {
  #from = 0;
  #fetching = new AbortController();

  constructor(audio, course, onTrouble) {
    Object.assign(this, { audio, course, onTrouble });
    audio.addEventListener("error", () => audio.src && this.#broken(), { signal: this.#fetching.signal });
  }

  get time() {
    return this.#from + this.audio.currentTime;
  }

  async open(at, { key = "" } = {}) {
    const place = key ? { at: 0, position: "" } : this.course.before(at);
    this.#from = place.at;
    const path = `/v1/jobs/${this.course.job}/audio?format=mp3${place.position ? `&after=${place.position}` : ""}`;
    this.key = key;
    this.audio.src = key ? URL.createObjectURL(await this.#whole(path)) : path;
    if (key && at) this.audio.currentTime = at;
  }

  seek(at) {
    const { seekable } = this.audio;
    const here = at - this.#from;
    if (seekable.length && here >= seekable.start(0) && here < seekable.end(0)) this.audio.currentTime = here;
    else if (!this.key) this.#reopen(at);
  }

  close() {
    this.#fetching.abort();
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  async #whole(path) {
    return (await ask(path, { signal: this.#fetching.signal })).blob();
  }

  async #reopen(at) {
    const playing = !this.audio.paused;
    await this.open(at);
    if (playing) this.audio.play().catch(() => {});
  }

  async #broken() {
    if (this.course.end || this.course.lost) return;
    await pause(AGAIN_MS, this.#fetching.signal);
    if (!this.#fetching.signal.aborted) await this.#reopen(this.time);
  }
}

async function* pieces(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function happens(target, name) {
  return new Promise((done) => target.addEventListener(name, done, { once: true }));
}
