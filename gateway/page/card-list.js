/** A list of the user's cards. Rows are updated in place, so that they keep the focus. */

import { requestJson } from "./api.js";
import { pause } from "./durations.js";

const WORKING_POLL_MS = 1500;
const IDLE_POLL_MS = 10_000;

/** The elements of a list, and how its rows are made (`newRow(card, handlers)`) and filled (`fillRow(row, card, handlers)`). */
export class CardList {
  #rows = new Map();
  #refreshSoon = new AbortController();

  constructor({ path, list, emptyHint, isAtWork, newRow, fillRow }) {
    Object.assign(this, { path, list, emptyHint, isAtWork, newRow, fillRow });
    addEventListener("visibilitychange", () => document.hidden || this.refresh());
  }

  /** Shows and updates the list until the page is closed. */
  async watch(handlers) {
    for (;;) {
      const isWorking = !document.hidden && (await this.#update(handlers));
      this.#refreshSoon = new AbortController();
      await pause(isWorking ? WORKING_POLL_MS : IDLE_POLL_MS, this.#refreshSoon.signal);
    }
  }

  /** Refreshes the list now. */
  refresh() {
    this.#refreshSoon.abort();
  }

  async #update(handlers) {
    try {
      const { data } = await requestJson(this.path);
      this.#show(data, handlers);
      return data.some(this.isAtWork);
    } catch {
      return false; // the gateway does not respond; keep the list
    }
  }

  #show(cards, handlers) {
    this.emptyHint.hidden = cards.length > 0;
    for (const [id, row] of this.#rows) {
      if (!cards.some((card) => card.id === id)) {
        row.element.remove();
        this.#rows.delete(id);
      }
    }
    cards.forEach((card, place) => {
      if (!this.#rows.has(card.id)) this.#rows.set(card.id, this.newRow(card, handlers));
      const row = this.#rows.get(card.id);
      if (this.list.children[place] !== row.element) this.list.insertBefore(row.element, this.list.children[place] ?? null);
      this.fillRow(row, card, handlers);
    });
  }
}

/** The title of a card as a button that opens it, and whether it is open. */
export function fillTitle(button, title, isOpen) {
  button.textContent = title;
  if (isOpen) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
}

/** A button that opens a card, and the line of facts below it. */
export function newTitle(onOpen) {
  const [open, facts] = ["button", "p"].map((name) => document.createElement(name));
  open.type = "button";
  open.className = "title";
  facts.className = "hint";
  open.addEventListener("click", onOpen);
  return { open, facts };
}
