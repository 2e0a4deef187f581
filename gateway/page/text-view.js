/**
 * The view of the text being spoken. If the submitted text is known, it is shown with its paragraphs, and the part that
 * is not spoken yet is faint; otherwise sentences are shown as they arrive. The current sentence is marked and kept
 * visible by scrolling the text in its frame, never the page, which the user may be scrolling.
 */

const SHOWN_AHEAD = 3000; // characters shown of the unspoken rest, so that a long book need not be laid out
const MAX_GAP_CHARS = 400; // between two sentences: list markers, lines under headings
const MAX_SKIPPED_WORDS = 12; // that are written and not spoken, between two that agree: an address, a table's marks
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

/**
 * Finds a sentence in a text from `from` on. Its words may differ: numbers and signs are spoken as words, and markup is
 * not spoken. It lies between the first and the last word that agree, extended over neighbours that do not, up to
 * the end of a sentence or line. Returns {start, end}, or null.
 */
export function locateSentence(text, from, sentence) {
  return locateExactly(text, from, sentence) ?? locateByWords(text, from, sentence);
}

function locateExactly(text, from, sentence) {
  const words = sentence.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const match = new RegExp(words.join("\\s+")).exec(text.slice(from, from + MAX_GAP_CHARS + sentence.length * 2));
  return match && { start: from + match.index, end: from + match.index + match[0].length };
}

function locateByWords(text, from, sentence) {
  const spoken = wordsOf(sentence).map(({ word }) => word);
  const written = wordsOf(text.slice(from, from + MAX_GAP_CHARS + sentence.length * 2));
  const agreeing = alignWords(spoken, written.map(({ word }) => word));
  if (!agreeing.length || agreeing.length * 4 < Math.min(spoken.length, written.length)) return null;
  const [[spokenFirst, first], [spokenLast, last]] = [agreeing[0], agreeing.at(-1)];
  const before = from + (spokenFirst ? 0 : written[first].start);
  const lead = text.slice(before, from + written[first].start);
  const start = before + Math.max(0, ...[...lead.matchAll(BREAK)].map((match) => match.index + match[0].length));
  const rest = text.slice(from + written[last].end);
  const stop = spokenLast === spoken.length - 1 ? /^[^\s\p{L}\p{N}]*/u : /^.*?(?:[.!?…。！？]+[^\s\p{L}\p{N}]*(?=\s|$)|(?=\n|$))/u;
  return { start, end: from + written[last].end + stop.exec(rest)[0].length };
}

const BREAK = /[.!?…]+["'”’)\]]*\s+|[。！？][」』”’）]*\s*|\n+|^\s+/gu; // between two sentences
const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])[\p{L}\p{M}\p{N}])+/gu; // a character where no spaces part words

function wordsOf(text) {
  return [...text.matchAll(WORD)].map((match) => ({ word: match[0].toLowerCase(), start: match.index, end: match.index + match[0].length }));
}

/** Pairs of positions of words that agree, in order: each spoken word agrees with the next equal one within a few words. */
function alignWords(spoken, written) {
  const pairs = [];
  let at = 0;
  spoken.forEach((word, index) => {
    const limit = pairs.length ? at + MAX_SKIPPED_WORDS : written.length;
    const found = written.indexOf(word, at);
    if (found < 0 || found >= limit) return;
    pairs.push([index, found]);
    at = found + 1;
  });
  return pairs;
}
