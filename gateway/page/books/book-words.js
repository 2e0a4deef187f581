/** What the page says about books: states, durations, costs. */

import { approximately, clockFace } from "../durations.js";

const STATES = { waiting: "waiting", speaking: "being spoken", writing: "files are being written", done: "done", failed: "failed" };
const MEGABYTE = 1_000_000;

export const isAtWork = (book) => book.state !== "done" && book.state !== "failed";

/** Describes what happens to a book, such as "being spoken, 40 %, 3 minutes left". */
export function stateOf(book) {
  const parts = [STATES[book.state]];
  if (book.state === "speaking") parts.push(`${Math.floor(100 * book.part)} %`);
  if (book.left_s !== null && isAtWork(book)) parts.push(`${approximately(book.left_s)} left`);
  return parts.join(", ") + (book.reason ? `: ${book.reason}` : "");
}

/** Describes a book in numbers: chapters, duration, speed, cost. */
export function factsOf(book) {
  const n = book.chapters.length;
  const about = book.chapters.every(({ audio_s }) => audio_s) ? "" : "about ";
  return [
    `${n} chapter${n === 1 ? "" : "s"}`,
    about + clockFace(book.estimated_s),
    book.voice ? `${book.voice} of ${book.model}` : book.model,
    book.times_real_time ? `${book.times_real_time.toFixed(1)} × real time` : "",
    costOf(book.cost),
  ].filter(Boolean).join(" · ");
}

/** Formats a cost as "0.20 of about 1.20 USD"; "" if the price is unknown. */
export function costOf(cost) {
  if (!cost) return "";
  const spent = cost.spent > 0 && cost.spent < cost.whole ? `${cost.spent.toFixed(2)} of ` : "";
  return `${spent}about ${cost.whole.toFixed(2)} ${cost.currency}`.trim();
}

/** Describes how far a chapter is. */
export function chapterFacts(chapter) {
  const duration = chapter.audio_s === null ? `about ${clockFace(chapter.estimated_s)}` : clockFace(chapter.audio_s);
  if (chapter.state === "spoken") return duration;
  const what = chapter.has_audio ? "correction" : "";
  const part = chapter.state === "speaking" ? `${Math.floor(100 * chapter.part)} %` : "waiting";
  return [what, part, duration].filter(Boolean).join(" · ");
}

/** Formats a size as "12.3 MB". */
export const sizeOf = (bytes) => `${(bytes / MEGABYTE).toFixed(bytes < 10 * MEGABYTE ? 1 : 0)} MB`;

/** The numbers of chapters as the API takes them, such as "1-3,7". */
export function rangesOf(numbers) {
  const ranges = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(",");
}

/** A new element with a text. */
export function newElement(name, text, className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = className;
  return element;
}
