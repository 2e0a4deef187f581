/**
 * One job being listened to: its course, its sound, the text and the player, together. Where the listener is, is kept
 * in the tab, so that a reload goes on there.
 */

import { Refusal, ask } from "./api.js";
import { Course } from "./course.js";
import { save } from "./download.js";
import { Samples } from "./samples.js";
import { Sound, supported } from "./sound.js";
import { Timeline } from "./timeline.js";
import { clock, inWords, pause } from "./times.js";

const KNOWN_MS = 3000; // how long a reload waits until the course has reached the place it was left at
const DRY_S = 0.3; // with less than that ahead the listener hears nothing
const REMEMBERED_S = 0.25; // the place is kept so exactly
const AGAIN_MS = 1000; // after a gateway that did not answer
const REDRAWN_MS = 100; // while it plays: a slider that moves more often costs a phone its battery
const TOLD_S = 5; // a screen reader that is on the slider is told the place so often

const $ = (id) => document.getElementById(id);
const STATES = { running: "Speaking", done: "Spoken", failed: "Failed", cancelled: "Cancelled", timed_out: "Timed out" };

export class Listening {
  #ending = new AbortController();
  #state = "running";
  #title = "";
  #left = { at: 0, playing: false }; // what the tab remembers

  constructor(job, reader, say) {
    Object.assign(this, { job, reader, say });
    this.course = new Course(job);
    this.sound = new (supported ? Sound : Samples)($("audio"), this.course, (error) => this.#trouble(error.message));
    this.timeline = new Timeline(job, this.#ending.signal);
  }

  /** `text`: what was typed, where this tab has sent it; `play`: at once. */
  async open(text, play) {
    const { signal } = this.#ending;
    const { at = 0, playing = false } = JSON.parse(kept(`place.${this.job}`) || "{}");
    this.reader.show(text);
    $("listening").hidden = false;
    this.#wire(signal);
    this.#show();
    if (!text) this.reader.show(await this.#source(signal));
    if (signal.aborted) return;
    const following = this.course.follow(signal);
    this.#look(signal);
    this.timeline.watch();
    if (at) await Promise.race([this.#reached(at), following, pause(KNOWN_MS, signal)]);
    if (signal.aborted) return;
    await this.sound.open(at);
    if (play || playing) this.play();
    const drawing = setInterval(() => this.sound.paused || this.#show(), REDRAWN_MS); // a tab that is not seen: each second
    signal.addEventListener("abort", () => clearInterval(drawing));
  }

  close() {
    this.#ending.abort();
    this.sound.close();
  }

  play() {
    this.sound.play().catch((error) => {
      if (error.name === "NotAllowedError") this.say("Ready: press Play.");
    });
  }

  /** Goes to a time, as far as it was spoken. */
  seek(at) {
    this.sound.seek(Math.max(0, Math.min(at, this.course.made - 0.05)));
    this.#show();
  }

  /** Goes to the beginning of a sentence: of the one before, or behind, the current one. */
  step(by) {
    const { sentences } = this.course;
    const here = this.course.placeAt(this.sound.time);
    const back = by < 0 && this.sound.time - (sentences[here]?.at ?? 0) > 2; // into it: to its own beginning first
    const there = sentences[back ? here : here + by];
    if (there) this.seek(there.at);
  }

  async cancel() {
    await ask(`/v1/jobs/${this.job}`, { method: "DELETE" });
    this.#look(this.#ending.signal);
  }

  download = () => save(this.job, this.#title, $("format").value, this.say);

  #wire(signal) {
    const { course, sound } = this;
    course.addEventListener("sentence", ({ detail }) => this.reader.add(detail), { signal });
    course.addEventListener("flaw", ({ detail }) => this.reader.flaw(detail), { signal });
    course.addEventListener("end", () => this.#over(signal), { signal });
    sound.addEventListener("change", () => this.#show(), { signal });
  }

  #over(signal) {
    this.reader.finish(this.course.end?.state === "done");
    this.#look(signal);
  }

  /** The text as it was sent; "" where the gateway does not keep it. Without it paragraphs would be guessed. */
  async #source(signal) {
    while (!signal.aborted) {
      try {
        const { has_text: known } = await this.course.look(signal);
        return known ? await (await ask(`/v1/jobs/${this.job}/text`, { signal })).text() : "";
      } catch (error) {
        if (error instanceof Refusal && error.againMs === null) return "";
        await pause(error.againMs ?? AGAIN_MS, signal);
      }
    }
    return "";
  }

  #reached(at) {
    return new Promise((done) => {
      this.course.addEventListener("change", () => this.course.made >= at && done(), { signal: this.#ending.signal });
    });
  }

  /** Asks for the job's state now and then, until it has ended. */
  async #look(signal) {
    while (!signal.aborted) {
      try {
        const card = await this.course.look(signal);
        this.#become(card.state, card.reason);
        this.#title = card.title;
        document.title = `${card.title || "Speech"} · Seriatim`;
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 404) this.#trouble("Nothing is known of this job any more.");
      }
      if (this.#state !== "running") return;
      await pause(1000, signal);
    }
  }

  #become(state, reason) {
    const changed = state !== this.#state;
    this.#state = state;
    this.reason = reason;
    this.#show();
    if (!changed) return;
    const length = this.course.end?.audio_s ?? this.course.made;
    this.say(`${this.#words()}. ${inWords(length)} of sound.`);
  }

  #trouble(message) {
    this.#state = "lost";
    this.reason = message;
    this.#show();
    this.say(message);
  }

  #show() {
    const { course, sound } = this;
    const at = Math.min(sound.time, course.made);
    this.reader.mark(course.sentenceAt(at)?.seq ?? null);
    this.#remember(sound.ended ? 0 : at, !sound.paused && !sound.ended); // whoever comes back begins anew
    $("play").setAttribute("aria-label", sound.paused ? "Play" : "Pause");
    this.#showPlace(at);
    this.#showState(at);
  }

  #remember(at, playing) {
    if (playing === this.#left.playing && Math.abs(at - this.#left.at) < REMEMBERED_S) return;
    this.#left = { at, playing };
    keep(`place.${this.job}`, JSON.stringify(this.#left));
  }

  #showPlace(at) {
    const { made } = this.course;
    const seek = $("seek");
    seek.max = made;
    if (document.activeElement !== seek || !seek.matches(":active")) seek.value = at;
    seek.style.setProperty("--part", made ? `${(100 * at) / made}%` : "0%");
    const told = this.sound.paused ? [at, made] : [at, made].map((s) => s - (s % TOLD_S));
    const words = told.map(inWords).join(" of ");
    if (seek.getAttribute("aria-valuetext") !== words) seek.setAttribute("aria-valuetext", words);
    put($("now"), clock(at));
    put($("made"), clock(made));
  }

  /** How it ended. */
  #words() {
    if (this.#state === "done") return `Spoken, ${number(this.course.total, "sentence")}`;
    const state = STATES[this.#state] ?? "Lost";
    const why = this.reason ?? "";
    if (why.toLowerCase().startsWith(state.toLowerCase())) return state + why.slice(state.length);
    const at = /^sentence (\d+): (?:\w+: )?(.*)$/s.exec(why); // counted from 0, and with the error's name
    return at ? `${state} at sentence ${Number(at[1]) + 1}: ${at[2]}` : `${state}${why && `: ${why}`}`;
  }

  #showState(at) {
    const { course } = this;
    const spoken = this.#state === "done" ? course.total : Math.max(0, course.sentences.length - 1);
    const running = this.#state === "running";
    put($("state"), running ? `Speaking: ${spoken.toLocaleString("en")} of ${number(course.total, "sentence")}` : this.#words());
    $("state").classList.toggle("alarm", ["failed", "timed_out", "lost"].includes(this.#state));
    const aheadS = course.made - at;
    const dry = aheadS < DRY_S && !this.sound.paused;
    put($("ahead"), running ? (dry ? "Waiting for the next words" : `${aheadS < 100 ? `${Math.max(0, aheadS).toFixed(0)} s` : clock(aheadS)} ahead of you`) : "");
    $("progress").hidden = !running;
    $("progress").max = Math.max(1, course.total);
    $("progress").value = spoken;
    $("cancel").hidden = !running;
    $("download").disabled = running;
  }
}

const number = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

function put(element, words) {
  if (element.textContent !== words) element.textContent = words; // a selection in it stays
}

function keep(name, value) {
  try {
    sessionStorage.setItem(`seriatim.${name}`, value);
  } catch {
    // there is no room in the tab's store: a reload begins anew
  }
}

const kept = (name) => sessionStorage.getItem(`seriatim.${name}`) ?? "";
