/** The list of the user's books. Rows are updated in place, so that they keep the focus. */

import { requestJson } from "../api.js";
import { pause, timeAgo } from "../durations.js";
import { isAtWork, stateOf } from "./book-words.js";

const WORKING_POLL_MS = 2000;
const IDLE_POLL_MS = 10_000;

const listElement = document.getElementById("books");
const emptyHint = document.getElementById("no-books");
const rows = new Map();
let refreshSoon = new AbortController();

/** Shows and updates the list until the page is closed; `onOpen(id)` is called when a book is selected. */
export async function listBooks({ onOpen, isOpen }) {
  for (;;) {
    let isWorking = false;
    if (!document.hidden) {
      try {
        const { data } = await requestJson("/v1/books");
        isWorking = data.some(isAtWork);
        showCards(data, { onOpen, isOpen });
      } catch {
        isWorking = false; // the gateway does not respond; keep the list
      }
    }
    refreshSoon = new AbortController();
    await pause(isWorking ? WORKING_POLL_MS : IDLE_POLL_MS, refreshSoon.signal);
  }
}

/** Refreshes the list now. */
export const refreshBooks = () => refreshSoon.abort();
addEventListener("visibilitychange", () => document.hidden || refreshBooks());

function showCards(cards, handlers) {
  emptyHint.hidden = cards.length > 0;
  for (const [id, row] of rows) {
    if (!cards.some((card) => card.id === id)) {
      row.element.remove();
      rows.delete(id);
    }
  }
  cards.forEach((card, place) => {
    if (!rows.has(card.id)) rows.set(card.id, newRow(card, handlers));
    const row = rows.get(card.id);
    if (listElement.children[place] !== row.element) listElement.insertBefore(row.element, listElement.children[place] ?? null);
    fillRow(row, card, handlers);
  });
}

function newRow({ id }, { onOpen }) {
  const [element, open, facts] = ["li", "button", "p"].map((name) => document.createElement(name));
  open.type = "button";
  open.className = "title";
  facts.className = "hint";
  open.addEventListener("click", () => onOpen(id));
  element.append(open, facts);
  return { element, open, facts };
}

function fillRow({ element, open, facts }, card, { isOpen }) {
  element.dataset.state = card.state;
  open.textContent = card.title;
  if (isOpen(card.id)) open.setAttribute("aria-current", "true");
  else open.removeAttribute("aria-current");
  const words = `${stateOf(card)} · ${timeAgo(card.created)}`;
  if (facts.textContent !== words) facts.textContent = words;
}
