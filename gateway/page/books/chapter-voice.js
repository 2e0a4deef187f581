/** The voice of the chapter that is open: another one has the gateway speak the chapter again, and no other. */

import { requestJson } from "../api.js";
import { fetchVoices } from "../voices/voice-catalogue.js";

const $ = (id) => document.getElementById(id);
const [field, select, button] = ["narrator-field", "narrator", "change-narrator"].map($);

export class ChapterVoice {
  #shown = null; // the voice that the chapter has

  /** `onChanged()`: the gateway speaks the chapter again. */
  constructor(book, number, { onChanged, announce, showNotice, signal }) {
    Object.assign(this, { book, number, onChanged, announce, showNotice, signal });
    field.hidden = true;
    button.addEventListener("click", () => this.#change().catch((error) => showNotice(error.message)), { signal });
    select.addEventListener("change", () => this.#enable(), { signal });
  }

  /** Shows what a book's card says of the chapter; a choice that was not sent yet stays. */
  async show(card) {
    const chapter = card.chapters.find(({ number }) => number === this.number);
    if (!chapter || chapter.voice === this.#shown) return;
    const voices = (await fetchVoices(card.model)).filter(({ id }) => !id.startsWith("+"));
    if (this.signal.aborted) return;
    this.#shown = chapter.voice;
    select.replaceChildren(new Option("Book's voice", ""), ...voices.map(({ name, id }) => new Option(name, id)));
    select.value = chapter.voice;
    field.hidden = voices.length < 2;
    this.#enable();
  }

  #enable() {
    button.disabled = select.value === this.#shown;
  }

  async #change() {
    const body = JSON.stringify({ chapter_voices: [`${this.number}=${select.value}`] });
    button.disabled = true;
    try {
      const options = { method: "PATCH", body, headers: { "content-type": "application/json" } };
      await this.show(await requestJson(`/v1/books/${this.book}`, options));
    } finally {
      this.#enable();
    }
    this.announce(`Chapter ${this.number} is being spoken again.`);
    this.onChanged();
  }
}
