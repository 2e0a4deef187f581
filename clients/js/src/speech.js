/**
 * A speech: one job, whose text is written piece by piece, and whose audio and sentences are read in order.
 *
 * All text stays here until the end. When the connection breaks, another one resumes the job behind the last audio that
 * arrived, and gets all text again: the gateway knows what it has. It keeps audio until the client acknowledges it: what
 * was sent may have been lost with the connection.
 */

import { ConnectionLost, JobError, RequestError, SeriatimError } from "./errors.js";
import { EventQueue } from "./event-queue.js";
import { durationMs } from "./samples.js";

const RESUME_MS = 20_000; // a gateway keeps a job for so long after its connection broke
const RESUME_DELAYS_MS = [0, 100, 250, 500, 1000]; // before each attempt; the last one repeats

export class Speech {
  #client;
  #options;
  #steps = []; // messages of the text, from its beginning
  #connection = null; // where a job runs
  #lastConnection = null; // where it ran: its audio is played for longer
  #token = ""; // with which another connection resumes the job
  #after = ""; // the id of the last audio
  #progressAt = 0; // time of the last message of the job
  #ended = false; // no more text
  #over = false; // the job has ended
  #cancelled = false;
  #events = new EventQueue();
  #startedGate = withResolvers();
  #overGate = withResolvers();
  #lastPosition = [0, -1];
  #rateHz = 0;
  #nBytes = 0;
  /** The job's id; "" before it has started. */
  job = "";
  /**
   * Sentences so far: seq, text, startMs and endMs (null if they are not known, as of formats other than pcm); with the
   * option `words` also words, each with text, startMs and endMs from the beginning of the sentence, and wordsFrom.
   */
  sentences = [];

  constructor(client, options) {
    this.#client = client;
    this.#options = { format: "pcm", ...options, acknowledge: true };
    this.#startedGate.promise.catch(() => {}); // the iteration throws it, too
    this.#run();
  }

  /** Resolves with job, rateHz and warning once the gateway has accepted the job; rejects with a SeriatimError. */
  get started() {
    return this.#startedGate.promise;
  }

  /** The format of the audio. */
  get format() {
    return this.#options.format;
  }

  /** The duration of the audio that has arrived, in ms; null if the format is not pcm. */
  get durationMs() {
    return this.format === "pcm" ? (this.#rateHz ? durationMs(this.#nBytes, this.#rateHz) : 0) : null;
  }

  /** Adds text, in pieces of any size. */
  write(text) {
    if (text) this.#addStep({ type: "text", text });
    return this;
  }

  /** Speaks the text so far without waiting for the end of its last sentence. */
  flush() {
    this.#addStep({ type: "flush" });
    return this;
  }

  /** Ends the text. */
  end() {
    if (!this.#ended) this.#addStep({ type: "close" });
    this.#ended = true;
    return this;
  }

  /**
   * Stops at once; audio that was not read is dropped. Resolves when the gateway has ended the job. If that has ended
   * already, the gateway learns that the rest of its audio is not played.
   */
  cancel() {
    if (!this.#cancelled) {
      this.#cancelled = true;
      if (!this.#over) {
        this.#ended = true;
        this.#events.filter(({ type }) => type !== "audio");
      }
      this.#sendOfPlayback({ type: "cancel" });
    }
    return this.#overGate.promise;
  }

  /** Reports how much of the audio was really played, in ms, also behind the end of the job. */
  reportPlayed(ms) {
    if (this.job) this.#sendOfPlayback({ type: "heard", ms });
  }

  /** The events in order: `audio`, `sentence`, `gap`, `discontinuity`, and `end`. Throws a SeriatimError. For one reader. */
  [Symbol.asyncIterator]() {
    return this.#events[Symbol.asyncIterator]();
  }

  /** The audio alone, as Uint8Arrays. */
  async *audio() {
    for await (const event of this) if (event.type === "audio") yield event.audio;
  }

  /** Writes a text from a string or an iterable. An error of the iterable cancels the job, and ends the iteration. */
  async _pipe(text) {
    try {
      if (typeof text === "string") this.write(text);
      else for await (const piece of text) this.write(piece);
      this.end();
    } catch (error) {
      this.#fail(error);
      this.cancel();
    }
  }

  /** Sends a message about playback; the connection may have another job by now. */
  #sendOfPlayback(message) {
    const connection = this.#connection ?? this.#lastConnection;
    connection?.send(this.job ? { ...message, job: this.job } : message);
  }

  #addStep(step) {
    if (this.#ended) {
      if (this.#cancelled || this.#over) return; // text that crosses the end of its job
      throw new SeriatimError("the text has ended", "text_ended");
    }
    this.#steps.push(step);
    if (this.#token) this.#connection?.send(step);
  }

  async #run() {
    let attempt = 0;
    while (!this.#over) {
      try {
        await this.#speakOnce(attempt);
        break;
      } catch (error) {
        if (!this.#canResume(error)) return this.#finish(error);
        await sleep(RESUME_DELAYS_MS[Math.min(attempt, RESUME_DELAYS_MS.length - 1)]);
        attempt += 1;
      }
    }
    this.#finish(null);
  }

  #canResume(error) {
    if (this.#cancelled || this.#over) return false;
    if (error.fromReusedConnection) return true;
    const isPassing = error instanceof ConnectionLost || error.retryable;
    return Boolean(this.#token) && isPassing && Date.now() - this.#progressAt < RESUME_MS;
  }

  /** Runs the job over one connection until its end. Rejects with a SeriatimError. */
  async #speakOnce(attempt) {
    const connection = await this.#client._acquire({ fresh: attempt > 0 });
    const isReused = connection.reused && !this.#token;
    try {
      await new Promise((resolve, reject) => {
        connection.onClose = (error) => reject(Object.assign(error, { fromReusedConnection: isReused && !this.#token }));
        connection.onEvent = (event) => this.#handle(event, resolve, reject);
        this.#connection = connection;
        const resume = this.#token ? { resume: this.#token, after: this.#after } : {};
        const key = this.#client.key ? { key: this.#client.key } : {};
        connection.send({ type: "start", ...this.#options, ...key, ...resume });
        if (this.#token) this.#sendSteps();
      });
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      this.#connection = null;
      this.#lastConnection = connection;
    }
    this.#client._release(connection);
  }

  #handle(event, resolve, reject) {
    this.#progressAt = Date.now();
    if (event.id) this.#connection.send({ type: "received", id: event.id });
    if (event.type === "error") {
      reject(new RequestError(event, { retryAfterMs: event.retry_after_ms ?? null }));
    } else if (event.type === "started") {
      this.#start(event);
    } else if (this.#isNew(event)) {
      const audio = this.#audioEvent(event);
      if (audio && !this.#cancelled) this.#events.push(audio);
      if (event.type === "end") this.#end(event, resolve, reject);
      else if (event.type !== "audio") this.#push(event);
    }
  }

  #start({ job, resume, rate_hz: rateHz, warning = "" }) {
    const resumed = Boolean(this.#token);
    this.#token = resume;
    if (resumed) return;
    this.job = job;
    this.#rateHz = rateHz;
    this.#startedGate.resolve({ job, rateHz, warning });
    this.#sendSteps();
  }

  #sendSteps() {
    for (const step of this.#steps) this.#connection.send(step);
    if (this.#cancelled) this.#connection.send({ type: "cancel" });
  }

  /** Whether an event is new: a resumed job repeats what came behind its last audio. */
  #isNew({ type, id }) {
    const position = (id ?? "").split("-").map(Number);
    const isNew = type === "end" || position[0] > this.#lastPosition[0] ||
      (position[0] === this.#lastPosition[0] && position[1] > this.#lastPosition[1]);
    if (isNew) this.#lastPosition = position;
    return isNew;
  }

  #audioEvent({ id, type, audio, rate_hz: rateHz }) {
    if (type === "audio") this.#after = id;
    if (rateHz) this.#rateHz = rateHz;
    if (!audio.length) return null;
    const startMs = this.durationMs;
    this.#nBytes += audio.length;
    if (this.sentences.length) this.sentences.at(-1).endMs = this.durationMs;
    return { type: "audio", id, audio, rateHz: this.#rateHz, startMs };
  }

  #push({ type, id, seq, text, words, words_from: wordsFrom }) {
    if (type !== "sentence") return this.#events.push({ type, id, seq });
    const sentence = { seq, text, startMs: this.durationMs, endMs: this.durationMs };
    if (words) Object.assign(sentence, { words: words.map(wordTime), wordsFrom });
    this.sentences.push(sentence);
    this.#events.push({ type, id, ...sentence });
  }

  #end({ state, reason, sentences }, resolve, reject) {
    this.#over = true;
    if (state === "done" || (state === "cancelled" && this.#cancelled)) {
      this.#events.push({ type: "end", state, reason, sentences });
      resolve();
    } else {
      reject(new JobError(this.job, state, reason));
    }
  }

  #finish(error) {
    this.#ended = this.#over = true;
    if (error && this.#cancelled && error instanceof ConnectionLost) {
      this.#events.push({ type: "end", state: "cancelled", reason: error.message, sentences: this.sentences.length });
      error = null;
    }
    this.#fail(error);
    this.#steps = [];
    this.#overGate.resolve();
  }

  #fail(error) {
    if (error) this.#startedGate.reject(error);
    this.#events.close(error);
  }
}

function wordTime({ text, start_ms: startMs, end_ms: endMs }) {
  return { text, startMs, endMs };
}

function withResolvers() {
  const gate = {};
  gate.promise = new Promise((resolve, reject) => Object.assign(gate, { resolve, reject }));
  return gate;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
