/**
 * The player session of one job: connects its progress, its player, the text and the controls. The playback position is
 * stored in the tab, so that a reload continues there.
 */

import { GatewayError, request } from "./api.js";
import { JobProgress } from "./job-progress.js";
import { saveFile, saveSentence } from "./download.js";
import { WebAudioPlayer } from "./webaudio-player.js";
import { MediaSourcePlayer, isSupported } from "./mediasource-player.js";
import { clockFace, spelledOut, pause } from "./durations.js";

const RESTORE_WAIT_MS = 3000; // longest wait after a reload until the stored position is available
const DRY_S = 0.3; // with less audio ahead, playback stalls
const STORE_STEP_S = 0.25; // precision of the stored position
const RETRY_MS = 1000; // after a failed request
const REPEAT_MS = 25; // between two looks at whether a repeated sentence has ended
const END_S = 0.06; // before the end of a sentence, in the pause behind it: the audio there is silent
const REDRAW_MS = 100; // while playing; a higher rate would drain a phone's battery
const ANNOUNCE_STEP_S = 5; // step in which the slider's value changes for screen readers

const $ = (id) => document.getElementById(id);
const STATES = { running: "Speaking", done: "Spoken", failed: "Failed", cancelled: "Cancelled", timed_out: "Timed out" };

export class PlayerSession {
  #abort = new AbortController();
  #state = "running";
  #title = "";
  #rateHz = 0;
  #repeatTimer = 0; // while a sentence is repeated
  #stored = { at: 0, playing: false }; // as stored in the tab

  constructor(job, textView, announce) {
    Object.assign(this, { job, textView, announce });
    this.progress = new JobProgress(job);
    this.player = new (isSupported ? MediaSourcePlayer : WebAudioPlayer)($("audio"), this.progress, (error) => this.#showError(error.message));
    this.player.rate = Number($("rate").value);
    $("rate").hidden = !this.player.keepsPitch;
    this.#showRepeat();
  }

  /** Opens the job. `text`: its text, if this tab submitted it; `play`: start playing now. */
  async open(text, play) {
    const { signal } = this.#abort;
    const { at = 0, playing = false } = JSON.parse(stored(`place.${this.job}`) || "{}");
    this.textView.show(text);
    $("listening").hidden = false;
    this.#connect(signal);
    this.#show();
    if (!text) this.textView.show(await this.#fetchText(signal));
    if (signal.aborted) return;
    const follow = this.progress.follow(signal);
    this.#pollState(signal);
    $("job-status").href = `status?job=${this.job}`;
    if (at) await Promise.race([this.#available(at), follow, pause(RESTORE_WAIT_MS, signal)]);
    if (signal.aborted) return;
    await this.player.open(at);
    if (play || playing) this.play();
    const redrawTimer = setInterval(() => this.player.paused || this.#show(), REDRAW_MS); // browsers slow it to 1 s in a hidden tab
    signal.addEventListener("abort", () => clearInterval(redrawTimer));
  }

  close() {
    clearInterval(this.#repeatTimer);
    this.#abort.abort();
    this.player.close();
  }

  play() {
    this.player.play().catch((error) => {
      if (error.name === "NotAllowedError") this.announce("Ready. Press Play.");
    });
  }

  /** Seeks to a time, at most to the end of the available audio; a sentence is repeated no longer. */
  seek(at) {
    if (this.#repeatTimer) this.toggleRepeat();
    this.#seekTo(at);
  }

  #seekTo(at) {
    this.player.seek(Math.max(0, Math.min(at, this.progress.availableS - 0.05)));
    this.#show();
  }

  /** Seeks to the start of the previous (-1) or next (1) sentence. */
  step(offset) {
    const { sentences } = this.progress;
    const index = this.progress.indexAt(this.player.time);
    const toOwnStart = offset < 0 && this.player.time - (sentences[index]?.at ?? 0) > 2; // well into a sentence: to its own start first
    const target = sentences[toOwnStart ? index : index + offset];
    if (target) this.seek(target.at);
  }

  /** Repeats the current sentence until this is called again. */
  toggleRepeat() {
    clearInterval(this.#repeatTimer);
    const sentence = this.#repeatTimer ? null : this.progress.sentenceAt(this.player.time);
    this.#repeatTimer = sentence ? setInterval(() => this.#returnTo(sentence), REPEAT_MS) : 0;
    this.#showRepeat();
  }

  #returnTo(sentence) {
    const { progress, player } = this;
    const next = progress.sentences[progress.indexAt(sentence.at) + 1];
    const end = next?.at ?? (progress.end ? progress.availableS : Infinity); // its end is unknown while it is spoken
    if (player.time <= end - END_S && !player.ended) return;
    this.#seekTo(sentence.at);
    if (player.paused) this.play(); // it had ended
  }

  #showRepeat() {
    $("repeat").setAttribute("aria-pressed", String(Boolean(this.#repeatTimer)));
  }

  async cancel() {
    await request(`/v1/jobs/${this.job}`, { method: "DELETE" });
    this.#pollState(this.#abort.signal);
  }

  download = () => saveFile(this.job, this.#title, $("format").value, this.announce);

  /** Saves the current sentence. */
  async downloadSentence() {
    const { progress } = this;
    const index = Math.max(0, progress.indexAt(this.player.time));
    const end = progress.sentences[index + 1]?.at ?? progress.end.audio_s;
    await saveSentence(this.job, this.#title, this.#rateHz, { ...progress.sentences[index], end });
  }

  #connect(signal) {
    const { progress, player } = this;
    progress.addEventListener("sentence", ({ detail }) => this.textView.add(detail), { signal });
    progress.addEventListener("flaw", ({ detail }) => this.textView.markFlaw(detail), { signal });
    progress.addEventListener("end", () => this.#onEnd(signal), { signal });
    player.addEventListener("change", () => this.#show(), { signal });
  }

  #onEnd(signal) {
    this.textView.finish(this.progress.end?.state === "done");
    this.#pollState(signal);
  }

  /** The text as submitted, with its paragraphs; "" if the gateway has not stored it. */
  async #fetchText(signal) {
    while (!signal.aborted) {
      try {
        const { has_text: hasText } = await this.progress.refresh(signal);
        return hasText ? await (await request(`/v1/jobs/${this.job}/text`, { signal })).text() : "";
      } catch (error) {
        if (error instanceof GatewayError && error.retryAfterMs === null) return "";
        await pause(error.retryAfterMs ?? RETRY_MS, signal);
      }
    }
    return "";
  }

  #available(at) {
    return new Promise((done) => {
      this.progress.addEventListener("change", () => this.progress.availableS >= at && done(), { signal: this.#abort.signal });
    });
  }

  /** Polls the job's state until it has ended. */
  async #pollState(signal) {
    while (!signal.aborted) {
      try {
        const card = await this.progress.refresh(signal);
        this.#setState(card.state, card.reason);
        this.#title = card.title;
        this.#rateHz = card.rate_hz;
        document.title = `${card.title || "Speech"} · Seriatim`;
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 404) this.#showError("This job has expired.");
      }
      if (this.#state !== "running") return;
      await pause(1000, signal);
    }
  }

  #setState(state, reason) {
    const changed = state !== this.#state;
    this.#state = state;
    this.reason = reason;
    this.#show();
    if (!changed) return;
    const length = this.progress.end?.audio_s ?? this.progress.availableS;
    this.announce(`${this.#stateText()}. ${spelledOut(length)} of audio.`);
  }

  #showError(message) {
    this.#state = "lost";
    this.reason = message;
    this.#show();
    this.announce(message);
  }

  #show() {
    const { progress, player } = this;
    const at = Math.min(player.time, progress.availableS);
    this.textView.markCurrent(progress.sentenceAt(at)?.seq ?? null);
    this.#storePosition(player.ended ? 0 : at, !player.paused && !player.ended); // after the end, a reload starts at the beginning
    $("play").setAttribute("aria-label", player.paused ? "Play" : "Pause");
    this.#showPlace(at);
    this.#showState(at);
  }

  #storePosition(at, playing) {
    if (playing === this.#stored.playing && Math.abs(at - this.#stored.at) < STORE_STEP_S) return;
    this.#stored = { at, playing };
    store(`place.${this.job}`, JSON.stringify(this.#stored));
  }

  #showPlace(at) {
    const { availableS } = this.progress;
    const seek = $("seek");
    seek.max = availableS;
    if (document.activeElement !== seek || !seek.matches(":active")) seek.value = at;
    seek.style.setProperty("--part", availableS ? `${(100 * at) / availableS}%` : "0%");
    const roundedTimes = this.player.paused ? [at, availableS] : [at, availableS].map((s) => s - (s % ANNOUNCE_STEP_S));
    const words = roundedTimes.map(spelledOut).join(" of ");
    if (seek.getAttribute("aria-valuetext") !== words) seek.setAttribute("aria-valuetext", words);
    setText($("now"), clockFace(at));
    setText($("made"), clockFace(availableS));
  }

  /** The state of an ended job as text. */
  #stateText() {
    if (this.#state === "done") return `Spoken, ${number(this.progress.sentenceCount, "sentence")}`;
    const state = STATES[this.#state] ?? "Lost";
    const reason = this.reason ?? "";
    if (reason.toLowerCase().startsWith(state.toLowerCase())) return state + reason.slice(state.length);
    const at = /^sentence (\d+): (?:\w+: )?(.*)$/s.exec(reason); // 0-based, and with the error's name
    return at ? `${state} at sentence ${Number(at[1]) + 1}: ${at[2]}` : `${state}${reason && `: ${reason}`}`;
  }

  #showState(at) {
    const { progress } = this;
    const spoken = this.#state === "done" ? progress.sentenceCount : Math.max(0, progress.sentences.length - 1);
    const running = this.#state === "running";
    setText($("state"), running ? `Speaking: ${spoken.toLocaleString("en")} of ${number(progress.sentenceCount, "sentence")}` : this.#stateText());
    $("state").classList.toggle("alarm", ["failed", "timed_out", "lost"].includes(this.#state));
    const aheadS = progress.availableS - at;
    const isDry = aheadS < DRY_S && !this.player.paused;
    setText($("ahead"), running ? (isDry ? "Waiting for more audio" : `${aheadS < 100 ? `${Math.max(0, aheadS).toFixed(0)} s` : clockFace(aheadS)} ahead of you`) : "");
    $("progress").hidden = !running;
    $("progress").max = Math.max(1, progress.sentenceCount);
    $("progress").value = spoken;
    $("cancel").hidden = !running;
    $("download").disabled = running;
    $("save-sentence").disabled = this.#state !== "done" || !progress.end || !progress.sentences.length;
  }
}

const number = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

function setText(element, words) {
  if (element.textContent !== words) element.textContent = words; // keeps a selection in it
}

function store(name, value) {
  try {
    sessionStorage.setItem(`seriatim.${name}`, value);
  } catch {
    // the tab's storage is full: a reload starts at the beginning
  }
}

const stored = (name) => sessionStorage.getItem(`seriatim.${name}`) ?? "";
