/** The sentences of the open book that may be spoken badly. They are looked for when the button is pressed, and again later. */

import { requestJson } from "../api.js";
import { pause } from "../durations.js";
import { newElement } from "./book-words.js";

const POLL_MS = 1000; // while chapters are measured

const $ = (id) => document.getElementById(id);

export class DoubtList {
  #asked = false; // the user wants to see them
  #closed = new AbortController();

  /** `onSentence(chapter, address)`: a sentence was pressed. */
  constructor(book, { onSentence, showNotice }) {
    Object.assign(this, { book, onSentence, showNotice });
    this.first = $("doubts-hint").textContent;
    $("find-doubts").addEventListener("click", () => this.#find(), { signal: this.#closed.signal });
  }

  close() {
    this.#closed.abort();
    $("doubts-hint").textContent = this.first;
    $("book-doubts").replaceChildren();
  }

  /** Looks again, if they were asked for: the book has changed. */
  refresh() {
    if (this.#asked) this.#find();
  }

  async #find() {
    this.#asked = true;
    $("find-doubts").disabled = true;
    try {
      for (;;) {
        const { data, unmeasured, unspoken } = await requestJson(`/v1/books/${this.book}/doubtful`);
        if (this.#closed.signal.aborted) return;
        this.#show(data, unmeasured.length + unspoken.length);
        if (!unmeasured.length) break;
        await pause(POLL_MS, this.#closed.signal);
      }
    } catch (error) {
      if (!this.#closed.signal.aborted) this.showNotice(error.message);
    } finally {
      $("find-doubts").disabled = false;
    }
  }

  #show(sentences, nLeft) {
    const count = sentences.length === 1 ? "1 sentence" : `${sentences.length || "No"} sentences`;
    const left = nLeft ? `, ${nLeft} chapter${nLeft === 1 ? "" : "s"} not looked at yet` : "";
    $("doubts-hint").textContent = `${count} to check${left}.`;
    $("book-doubts").replaceChildren(...sentences.map((sentence) => this.#newRow(sentence)));
  }

  #newRow({ sentence, chapter, text, doubts, waiting }) {
    const row = document.createElement("li");
    const button = newElement("button", `${sentence} ${text}`, "title");
    button.type = "button";
    button.addEventListener("click", () => this.onSentence(chapter, sentence));
    row.append(button, newElement("span", waiting ? "being spoken again" : doubts.join("; "), "hint"));
    return row;
  }
}
