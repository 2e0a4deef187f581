/**
 * The text as it is read out. Where the page knows what was typed, that is shown as it was, paragraphs and all, and what
 * is not spoken yet is faint; of other jobs the sentences are shown as they come. The current one is marked, and kept in
 * sight by moving the text in its frame, never the page: its reader may be busy elsewhere.
 */

const SHOWN_AHEAD = 3000; // characters of what is not spoken yet: a long book need not be laid out
const SLACK = 400; // characters that may lie between two sentences: marks of lists, headings' rules
const TOGETHER = 12; // sentences in a paragraph, where nobody knows of any: one of a whole book takes seconds to lay out
const FOLLOW_MS = 4000; // after the reader scrolled, the text stands still for so long

export class Reader {
  #source = "";
  #at = 0; // of the source: what lies before is shown
  #paragraph = null;
  #ahead = document.createElement("span");
  #spans = new Map();
  #marked = null;
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

  /** Begins a new text; `source` is what was typed, or "". */
  show(source) {
    this.#source = source;
    this.#at = 0;
    this.#marked = null;
    this.#scrolled = 0;
    this.#spans.clear();
    this.element.replaceChildren();
    this.element.scrollTop = 0;
    this.#newParagraph();
    this.#showAhead();
  }

  add({ seq, text }) {
    const found = this.#source ? located(this.#source, this.#at, text) : null;
    if (found) {
      this.#between(this.#source.slice(this.#at, found.start));
      this.#at = found.end;
    } else if (this.#spans.size) {
      this.#separate();
    }
    const span = document.createElement("span");
    span.dataset.seq = seq;
    span.textContent = found ? this.#source.slice(found.start, found.end) : text;
    this.#spans.set(seq, span);
    this.#marked = this.#marked === seq ? null : this.#marked; // it was heard before it was known
    this.#paragraph.append(span);
    this.#showAhead();
  }

  /** The sentence that is heard now; null for none. */
  mark(seq) {
    if (this.#marked === seq) return;
    const jumped = seq !== this.#marked + 1; // the listener went there on purpose
    this.#spans.get(this.#marked)?.removeAttribute("aria-current");
    this.#marked = seq;
    const span = this.#spans.get(seq);
    span?.setAttribute("aria-current", "true");
    if (span && (jumped || Date.now() - this.#scrolled > FOLLOW_MS)) this.#follow(span);
  }

  /** Says what went wrong with a sentence: `gap`, why it is silent; `seam`, whether it was taken up again in its middle. */
  flaw({ seq, gap, seam }) {
    const span = this.#spans.get(seq);
    if (!span) return;
    span.classList.toggle("gap", Boolean(gap));
    span.classList.toggle("seam", Boolean(seam));
    span.title = gap ? `Not spoken: ${gap}` : "A worker was lost here; another one went on.";
  }

  /** No more will come: what was not spoken is shown no more as if it would be. */
  finish(done) {
    if (done) this.#ahead.remove();
  }

  #follow(span) {
    const frame = this.element.getBoundingClientRect();
    const { top, bottom } = span.getBoundingClientRect();
    if (top > frame.top && bottom < frame.bottom - frame.height * 0.15) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const far = Math.abs(top - frame.top) > 2 * frame.height;
    this.element.scrollBy({ top: top - frame.top - frame.height * 0.3, behavior: calm || far ? "auto" : "smooth" });
  }

  #between(text) {
    const [first, ...others] = text.split(/\n\s*\n/);
    this.#paragraph.append(first);
    for (const other of others) {
      this.#newParagraph();
      this.#paragraph.append(other);
    }
  }

  /** Between two sentences of which nobody knows what stood there. */
  #separate() {
    if (!this.#source && this.#paragraph.childElementCount >= TOGETHER) this.#newParagraph("part");
    else this.#paragraph.append(" ");
  }

  #newParagraph(name = "") {
    this.#paragraph = document.createElement("p");
    this.#paragraph.className = name;
    this.element.append(this.#paragraph);
  }

  #showAhead() {
    this.#ahead.textContent = this.#source.slice(this.#at, this.#at + SHOWN_AHEAD);
    this.element.lastElementChild.append(this.#ahead);
  }
}

/** Where a sentence stands in a text, from `from` on: spaces may differ. Returns {start, end}, or null. */
export function located(text, from, sentence) {
  const words = sentence.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const sought = new RegExp(words.join("\\s+"), "g");
  const window = text.slice(from, from + SLACK + sentence.length * 2);
  const found = sought.exec(window);
  return found && { start: from + found.index, end: from + found.index + found[0].length };
}
