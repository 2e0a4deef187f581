/** The list of the user's books. */

import { CardList, fillTitle, newTitle } from "../card-list.js";
import { timeAgo } from "../durations.js";
import { isAtWork, stateOf } from "./book-words.js";

const books = new CardList({
  path: "/v1/books",
  list: document.getElementById("books"),
  emptyHint: document.getElementById("no-books"),
  isAtWork,
  newRow,
  fillRow,
});

/** Shows and updates the list until the page is closed; `onOpen(id)` is called when a book is selected. */
export const listBooks = (handlers) => books.watch(handlers);

/** Refreshes the list now. */
export const refreshBooks = () => books.refresh();

function newRow({ id }, { onOpen }) {
  const element = document.createElement("li");
  const { open, facts } = newTitle(() => onOpen(id));
  element.append(open, facts);
  return { element, open, facts };
}

function fillRow({ element, open, facts }, card, { isOpen }) {
  element.dataset.state = card.state;
  fillTitle(open, card.title, isOpen(card.id));
  const words = `${stateOf(card)} · ${timeAgo(card.created)}`;
  if (facts.textContent !== words) facts.textContent = words;
}
