/** Options of a speech: the fields of `start` in docs/reference/http.md. */
export interface SpeechOptions {
  voice?: string;
  model?: string;
  language?: string;
  speed?: number;
  /** Audio format; pcm by default, the only one that the player plays. */
  format?: "pcm" | "mp3" | "opus" | "aac" | "flac" | "wav" | "ulaw" | "alaw";
  /** In Hz; by default the model's own. */
  sample_rate?: number;
  volume_multiplier?: number;
  seed?: number;
  markup?: "auto" | "plain" | "none" | "markdown" | "html" | "ssml";
  code?: "read" | "skip";
  emoji?: "skip" | "name";
  reading?: "auto" | "off";
  gap?: "fail" | "silence" | "skip";
  pause_ms?: number;
  paragraph_ms?: number;
  window_ms?: number;
  lexicon?: Record<string, string>;
  options?: Record<string, number>;
  /** Whether sentences have the times of their words. */
  words?: boolean;
  [field: string]: unknown;
}

export interface ClientOptions {
  /** API key; a gateway without keys needs none. */
  key?: string;
  /** WebSocket class; by default the platform's, or one of this package on Node 20. */
  WebSocket?: new (url: string) => unknown;
}

export interface Started {
  job: string;
  /** Of the audio, in Hz; 0 if it is not known yet. */
  rateHz: number;
  warning: string;
}

export interface WordTime {
  text: string;
  /** Times from the beginning of the sentence's audio. */
  startMs: number;
  endMs: number;
}

export interface Sentence {
  /** 0-based. */
  seq: number;
  text: string;
  /** Times within the speech; null for formats other than pcm. */
  startMs: number | null;
  endMs: number | null;
  /** With the option `words`. */
  words?: WordTime[];
  /** Whether the engine knows when it speaks the words, or their times are estimated. */
  wordsFrom?: "engine" | "estimate";
}

export interface AudioEvent {
  type: "audio";
  id: string;
  /** pcm: signed 16-bit little-endian mono. */
  audio: Uint8Array;
  rateHz: number;
  startMs: number | null;
}

export interface SentenceEvent extends Sentence {
  type: "sentence";
  id: string;
}

/** A sentence, or its rest, is missing. */
export interface GapEvent {
  type: "gap";
  id: string;
  seq: number;
}

/** What follows is another take of the sentence. */
export interface DiscontinuityEvent {
  type: "discontinuity";
  id: string;
  seq: number;
}

export interface EndEvent {
  type: "end";
  state: "done" | "cancelled";
  reason: string;
  /** Number of sentences. */
  sentences: number;
}

export type SpeechEvent = AudioEvent | SentenceEvent | GapEvent | DiscontinuityEvent | EndEvent;

/** One job: text in, ordered audio and sentences out. */
export interface Speech extends AsyncIterable<SpeechEvent> {
  readonly job: string;
  readonly format: string;
  readonly started: Promise<Started>;
  readonly sentences: Sentence[];
  readonly durationMs: number | null;
  write(text: string): this;
  flush(): this;
  end(): this;
  /** Behind the end of the job: the rest of its audio is not played. */
  cancel(): Promise<void>;
  /** Reports what was played, also behind the end of the job. */
  reportPlayed(ms: number): void;
  audio(): AsyncGenerator<Uint8Array, void, undefined>;
}

export interface Voice {
  id: string;
  [field: string]: unknown;
}

export class Seriatim {
  constructor(baseUrl?: string | URL, options?: ClientOptions);
  readonly baseUrl: string;
  connect(): Promise<void>;
  speak(text?: string | Iterable<string> | AsyncIterable<string> | null, options?: SpeechOptions): Speech;
  voices(): Promise<Voice[]>;
  captions(job: string, format?: "vtt" | "srt"): Promise<string>;
  captions(job: string, format: "json"): Promise<unknown>;
  close(): void;
}

/** Plays speeches with Web Audio. Events: `sentence` and `gap`, as CustomEvent. */
export class SpeechPlayer extends EventTarget {
  constructor(options?: { context?: AudioContext | null });
  readonly positionMs: number;
  play(speech: Speech): Promise<boolean>;
  stop(): Promise<void>;
  pause(): Promise<void> | undefined;
  resume(): Promise<void> | undefined;
}

export class SeriatimError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
}

/** The gateway refused a request. */
export class RequestError extends SeriatimError {
  readonly status: number | null;
  readonly param: string | null;
}

/** A job ended before all of its text was spoken. */
export class JobError extends SeriatimError {
  readonly job: string;
  readonly state: "failed" | "cancelled" | "timed_out";
  readonly reason: string;
}

/** The connection broke, and the job could not be resumed. */
export class ConnectionLost extends SeriatimError {
  readonly closeCode: number | null;
}

/** Formats sentences as WebVTT; with `words`, each word is preceded by its time. */
export function captionsToVtt(sentences: Sentence[], options?: { words?: boolean }): string;

/** Converts s16le bytes to samples from -1 to 1. */
export function floatSamples(bytes: Uint8Array): Float32Array;
