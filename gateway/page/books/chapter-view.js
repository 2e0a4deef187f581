/**
 * A chapter that is spoken: its audio, and its sentences, of which the one that sounds is marked. A sentence that is
 * pressed is played, and can be corrected: the gateway speaks it again, and the view shows the new version when it is there.
 */

import { key, postJson, request, requestJson } from "../api.js";
import { ChapterVoice } from "./chapter-voice.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

const $ = (id) => document.getElementById(id);
const [audio, reading, dialog] = ["audio", "reading", "correction"].map($);

export class ChapterView {
  #chapter = null; // as the API describes it
  #spans = [];
  #current = null; // place of the sentence that sounds
  #url = "";
  #awaited = ""; // the version that was replaced by one in another voice, which is not spoken yet
  #closed = new AbortController();

  /** `onCorrected()`: a correction, or another voice, was accepted. */
  constructor(book, number, { onCorrected, announce, showNotice }) {
    Object.assign(this, { book, number, onCorrected, announce, showNotice });
    const { signal } = this.#closed;
    reading.addEventListener("click", ({ target }) => this.#press(target.closest("[data-place]")), { signal });
    reading.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    audio.addEventListener("timeupdate", () => this.#mark(), { signal });
    this.voice = new ChapterVoice(book, number, { onChanged: () => this.#awaitVoice(), announce, showNotice, signal });
  }

  close() {
    this.#closed.abort();
    audio.pause();
    audio.removeAttribute("src");
    URL.revokeObjectURL(this.#url);
    $("chapter").hidden = true;
  }

  /** Shows the chapter as it is now; a version that is shown already stays as it is. */
  async load() {
    const chapter = await requestJson(`/v1/books/${this.book}/chapters/${this.number}`);
    if (this.#closed.signal.aborted) return;
    const before = this.#chapter;
    this.#chapter = chapter;
    if (before?.version !== chapter.version) await this.#loadAudio(before);
    if (this.#closed.signal.aborted) return;
    $("chapter-title").textContent = `${chapter.number}. ${chapter.title}`;
    $("chapter").hidden = false;
    this.#showSentences();
  }

  /** Opens a sentence as if it were pressed. */
  open(address) {
    const span = this.#spans[this.#chapter.sentences.findIndex(({ sentence }) => sentence === address)];
    span?.scrollIntoView({ block: "center" });
    this.#press(span);
  }

  /** Whether a correction, or another voice, is not spoken yet. */
  get isWaiting() {
    const isReplaced = this.#awaited !== "" && this.#awaited === this.#chapter?.version;
    return isReplaced || (this.#chapter?.sentences.some(({ waiting }) => waiting) ?? false);
  }

  #awaitVoice() {
    this.#awaited = this.#chapter.version;
    this.onCorrected();
  }

  /** Sets the audio of the version; after a correction it stands where it was, at the same sentence. */
  async #loadAudio(before) {
    const path = `/v1/books/${this.book}/chapters/${this.number}/audio?version=${this.#chapter.version}`;
    const place = before && audio.currentTime > 0 ? placeAt(before.sentences, audio.currentTime) : null;
    URL.revokeObjectURL(this.#url);
    this.#url = key.get() ? URL.createObjectURL(await (await request(path)).blob()) : ""; // an element cannot send a key
    if (this.#closed.signal.aborted) return;
    audio.src = this.#url || new URL(path.slice(1), document.baseURI).href;
    if (place !== null) audio.currentTime = this.#chapter.sentences[place].start_s;
  }

  #showSentences() {
    const focused = this.#spans.indexOf(document.activeElement);
    const paragraphs = [];
    this.#spans = this.#chapter.sentences.map((sentence, place) => {
      const span = document.createElement("span");
      span.textContent = sentence.text;
      span.dataset.place = place;
      span.setAttribute("role", "button");
      span.tabIndex = place === Math.max(0, focused) ? 0 : -1;
      span.classList.toggle("corrected", sentence.corrected);
      span.classList.toggle("waiting", sentence.waiting);
      if (sentence.waiting) span.title = "It is being spoken again.";
      if (sentence.paragraph || !paragraphs.length) paragraphs.push(document.createElement("p"));
      paragraphs.at(-1).append(span, " ");
      return span;
    });
    reading.replaceChildren(...paragraphs);
    if (focused >= 0) this.#spans[focused]?.focus();
    this.#current = null;
    this.#mark();
  }

  #mark() {
    if (!this.#chapter || (audio.paused && audio.currentTime === 0)) return;
    const place = placeAt(this.#chapter.sentences, audio.currentTime);
    if (place === this.#current) return;
    this.#spans[this.#current]?.removeAttribute("aria-current");
    this.#spans[place]?.setAttribute("aria-current", "true");
    this.#current = place;
  }

  #onKey(event) {
    const place = this.#spans.indexOf(event.target);
    if (place < 0) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#press(event.target);
    } else if (event.key in STEPS) {
      event.preventDefault();
      this.#focus(Math.min(Math.max(0, place + STEPS[event.key]), this.#spans.length - 1));
    }
  }

  /** Moves the one stop of the Tab key to a sentence. */
  #focus(place) {
    for (const span of this.#spans) span.tabIndex = -1;
    this.#spans[place].tabIndex = 0;
    this.#spans[place].focus();
  }

  #press(span) {
    if (!span || !getSelection().isCollapsed) return;
    const place = Number(span.dataset.place);
    this.#focus(place);
    audio.currentTime = this.#chapter.sentences[place].start_s;
    audio.play().catch(() => {}); // it was paused again, or the chapter was closed
    this.#askFor(this.#chapter.sentences[place]).catch((error) => this.showNotice(error.message));
  }

  /** Asks how a sentence is to be corrected, and sends that. */
  async #askFor({ sentence, text }) {
    $("correction-title").textContent = `Correct sentence ${sentence}`;
    $("corrected").value = text;
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
    const answer = dialog.returnValue;
    if (!answer) return;
    const correction = answer === "again" ? { sentence, again: true } : { sentence, text: $("corrected").value };
    await postJson(`/v1/books/${this.book}/corrections`, { corrections: [correction] });
    this.announce(`Sentence ${sentence} is being spoken again.`);
    await this.load();
    this.onCorrected();
  }
}

/** The place of the sentence that sounds at a time in s. */
function placeAt(sentences, at) {
  const next = sentences.findIndex(({ start_s }) => start_s > at + 0.001);
  return next < 0 ? sentences.length - 1 : Math.max(0, next - 1);
}
