/** The text of a part of a page, and where each piece of it stands in the document. */

import { locateSentence } from "./sentence-location.js";

const SILENT = "script, style, noscript, template, [hidden], [aria-hidden=true], [data-silent]"; // is not read aloud

export class PageText {
  #nodes = []; // {start, node}: text nodes, and where each begins in the text
  #at = 0; // the end of the last sentence that was found
  /** The text: blocks are paragraphs. */
  value = "";

  constructor(element) {
    this.#read(element);
    if (!this.value.trim()) throw new Error("there is no text to read; expected some in the element");
  }

  /** The range of the next sentence; null if its words are not found. */
  find(sentence) {
    const match = locateSentence(this.value, this.#at, sentence);
    if (!match) return null;
    this.#at = match.end;
    const range = document.createRange();
    range.setStart(...this.#place(match.start, false));
    range.setEnd(...this.#place(match.end, true));
    return range;
  }

  #read(element) {
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) {
        this.#nodes.push({ start: this.value.length, node });
        this.value += node.data;
      } else if (node.nodeName === "BR") {
        this.value += "\n";
      } else if (node.nodeType === Node.ELEMENT_NODE && !node.matches(SILENT)) {
        this.#readElement(node);
      }
    }
  }

  #readElement(element) {
    const { display } = getComputedStyle(element);
    if (display === "none") return;
    const separator = display.startsWith("inline") || display === "contents" ? "" : "\n\n";
    this.value += separator;
    this.#read(element);
    this.value += separator;
  }

  /** The node and offset of a position in the text. A position between two nodes is the end of the first, or else the next. */
  #place(position, isEnd) {
    const index = this.#nodes.findLastIndex(({ start }) => (isEnd ? start < position : start <= position));
    const { start, node } = this.#nodes[Math.max(0, index)];
    return [node, Math.min(position - start, node.data.length)];
  }
}
