/** The book that is open: its state, its chapters with a bar each, and its files. Updated in place until it is closed. */

import { request, requestJson } from "../api.js";
import { savePath } from "../download.js";
import { pause } from "../durations.js";
import { chapterFacts, factsOf, isAtWork, newElement, sizeOf, stateOf } from "./book-words.js";

const WORKING_POLL_MS = 1000;
const IDLE_POLL_MS = 10_000;

const $ = (id) => document.getElementById(id);

export class BookView {
  #rows = new Map(); // chapter number -> elements
  #shownFiles = "";
  #closed = new AbortController();
  #refreshSoon = new AbortController();
  #state = "";

  /** `onChapter(number)`: a chapter was pressed; `onCard(card)`: there is news of the book. */
  constructor(id, { onChapter, onCard, announce, showNotice }) {
    Object.assign(this, { id, onChapter, onCard, announce, showNotice });
    $("book-chapters").replaceChildren();
    $("book-files").replaceChildren();
  }

  close() {
    this.#closed.abort();
    this.#refreshSoon.abort();
  }

  refresh() {
    this.#refreshSoon.abort();
  }

  /** Shows and updates the book until it is closed. */
  async watch() {
    while (!this.#closed.signal.aborted) {
      let isWorking = true;
      if (!document.hidden) {
        try {
          const card = await requestJson(`/v1/books/${this.id}`);
          if (this.#closed.signal.aborted) return;
          this.#show(card);
          isWorking = isAtWork(card);
        } catch (error) {
          if (error.status === 404) return this.#showRemoved();
          isWorking = false; // the gateway does not respond; keep what is shown
        }
      }
      this.#refreshSoon = new AbortController();
      await pause(isWorking ? WORKING_POLL_MS : IDLE_POLL_MS, this.#refreshSoon.signal);
    }
  }

  async remove() {
    await request(`/v1/books/${this.id}`, { method: "DELETE" });
    this.#showRemoved();
  }

  async resume() {
    await request(`/v1/books/${this.id}/resume`, { method: "POST" });
    this.refresh();
  }

  #show(card) {
    $("book").hidden = false;
    $("book-title").textContent = card.title + (card.authors.length ? ` by ${card.authors.join(", ")}` : "");
    $("book-state").textContent = stateOf(card);
    $("book-state").className = card.state === "failed" ? "alarm" : "";
    $("book-progress").value = card.part;
    $("book-facts").textContent = factsOf(card);
    $("book-notes").replaceChildren(...[...card.warnings, ...card.gaps].map((note) => newElement("li", note)));
    $("resume").hidden = card.state !== "failed";
    for (const chapter of card.chapters) this.#showChapter(chapter);
    this.#showFiles(card.files);
    if (this.#state && this.#state !== card.state && !isAtWork(card)) this.announce(`The book is ${stateOf(card)}.`);
    this.#state = card.state;
    this.onCard(card);
  }

  #showChapter(chapter) {
    if (!this.#rows.has(chapter.number)) this.#rows.set(chapter.number, this.#newRow(chapter));
    const { title, facts, bar } = this.#rows.get(chapter.number);
    title.disabled = !chapter.has_audio;
    const words = chapterFacts(chapter);
    if (facts.textContent !== words) facts.textContent = words;
    bar.hidden = chapter.state !== "speaking";
    bar.value = chapter.part;
  }

  #newRow(chapter) {
    const row = document.createElement("li");
    const title = newElement("button", `${chapter.number}. ${chapter.title}`, "title");
    title.type = "button";
    title.dataset.chapter = chapter.number;
    title.addEventListener("click", () => this.onChapter(chapter.number));
    const facts = newElement("span", "", "hint");
    const bar = document.createElement("progress");
    bar.setAttribute("aria-hidden", "true"); // the text beside it says the same
    row.append(title, facts, bar);
    $("book-chapters").append(row);
    return { title, facts, bar };
  }

  /** Marks the chapter that is open. */
  markChapter(number) {
    for (const [each, { title }] of this.#rows) {
      if (each === number) title.setAttribute("aria-current", "true");
      else title.removeAttribute("aria-current");
    }
  }

  #showFiles(files) {
    const names = JSON.stringify(files);
    if (names === this.#shownFiles) return; // a row that has the focus keeps it
    this.#shownFiles = names;
    $("book-files").replaceChildren(...files.map((file) => this.#newFile(file)));
  }

  #newFile({ name, bytes }) {
    const row = document.createElement("li");
    const button = newElement("button", `Download ${name}`);
    button.type = "button";
    const path = `/v1/books/${this.id}/files/${encodeURIComponent(name)}`;
    button.addEventListener("click", () => savePath(path, name, this.announce).catch((error) => this.showNotice(error.message)));
    row.append(button, newElement("span", sizeOf(bytes), "hint"));
    return row;
  }

  #showRemoved() {
    this.close();
    $("book").hidden = true;
    this.onCard(null);
  }
}
