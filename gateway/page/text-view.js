/**
 * The view of the text being spoken. If the submitted text is known, it is shown with its paragraphs, and the part that
 * is not spoken yet is faint; otherwise sentences are shown as they arrive. The current sentence is marked and kept
 * visible by scrolling the text in its frame, never the page, which the user may be scrolling.
 */

import { locateSentence } from "./client/sentence-location.js";

const SHOWN_AHEAD = 3000; // characters shown of the unspoken rest, so that a long book need not be laid out
const PARAGRAPH_SENTENCES = 12; // where paragraphs are unknown: a single one of a whole book takes seconds to lay out
const FOLLOW_MS = 4000; // time without automatic scrolling after the user scrolled

export class TextView {
  #source = "";
  #shownChars = 0; // characters of the source that are shown as spoken
  #paragraph = null;
  #ahead = document.createElement("span");
  #spans = new Map();
  #currentSeq = null;
  #scrolled = 0;

  constructor(element, onPick) {
    this.element = element;
    this.#ahead.className = "ahead";
    element.addEventListener("click", ({ target }) => {
      const span = target.closest("[data-seq]");
      if (span && getSelection().isCollapsed) onPick(Number(span.dataset.seq));
    });
    for (const name of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      element.addEventListener(name, () => (this.#scrolled = Date.now()), { passive: true });
    }
  }

  /** Starts a new text; `source` is the submitted text, or "" if unknown. */
  show(source) {
    this.#source = source;
    this.#shownChars = 0;
    this.#currentSeq = null;
    this.#scrolled = 0;
    this.#spans.clear();
    this.element.replaceChildren();
    this.element.scrollTop = 0;
    this.#newParagraph();
    this.#showAhead();
  }

  add({ seq, text }) {
    const match = this.#source ? locateSentence(this.#source, this.#shownChars, text) : null;
    if (match) {
      this.#appendBetween(this.#source.slice(this.#shownChars, match.start));
      this.#shownChars = match.end;
    } else if (this.#spans.size) {
      this.#appendSeparator();
    }
    const span = document.createElement("span");
    span.dataset.seq = seq;
    span.textContent = match ? this.#source.slice(match.start, match.end) : text;
    this.#spans.set(seq, span);
    this.#currentSeq = this.#currentSeq === seq ? null : this.#currentSeq; // it is played already, and has to be marked
    this.#paragraph.append(span);
    this.#showAhead();
  }

  /** Marks the sentence being played; null for none. */
  markCurrent(seq) {
    if (this.#currentSeq === seq) return;
    const isJump = seq !== this.#currentSeq + 1; // the listener has seeked
    this.#spans.get(this.#currentSeq)?.removeAttribute("aria-current");
    this.#currentSeq = seq;
    const span = this.#spans.get(seq);
    span?.setAttribute("aria-current", "true");
    if (span && (isJump || Date.now() - this.#scrolled > FOLLOW_MS)) this.#follow(span);
  }

  /** Shows a flaw of a sentence. `gap`: the reason why it is silent; `seam`: another attempt continued in its middle. */
  markFlaw({ seq, gap, seam }) {
    const span = this.#spans.get(seq);
    if (!span) return;
    span.classList.toggle("gap", Boolean(gap));
    span.classList.toggle("seam", Boolean(seam));
    span.title = gap ? `Not spoken: ${gap}` : "A worker failed here; another one continued.";
  }

  /** Ends the text; if the job is done, its unspoken rest is removed. */
  finish(done) {
    if (done) this.#ahead.remove();
  }

  #follow(span) {
    const frame = this.element.getBoundingClientRect();
    const { top, bottom } = span.getBoundingClientRect();
    if (top > frame.top && bottom < frame.bottom - frame.height * 0.15) return;
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const isFar = Math.abs(top - frame.top) > 2 * frame.height;
    this.element.scrollBy({ top: top - frame.top - frame.height * 0.3, behavior: reducedMotion || isFar ? "auto" : "smooth" });
  }

  #appendBetween(text) {
    const [first, ...paragraphs] = text.split(/\n\s*\n/);
    this.#paragraph.append(first);
    for (const paragraph of paragraphs) {
      this.#newParagraph();
      this.#paragraph.append(paragraph);
    }
  }

  /** Separates two sentences whose original separator is unknown. */
  #appendSeparator() {
    if (!this.#source && this.#paragraph.childElementCount >= PARAGRAPH_SENTENCES) this.#newParagraph("part");
    else this.#paragraph.append(" ");
  }

  #newParagraph(name = "") {
    this.#paragraph = document.createElement("p");
    this.#paragraph.className = name;
    this.element.append(this.#paragraph);
  }

  #showAhead() {
    this.#ahead.textContent = this.#source.slice(this.#shownChars, this.#shownChars + SHOWN_AHEAD);
    this.element.lastElementChild.append(this.#ahead);
  }
}
