/** The list of the user's jobs with their progress. Rows are updated in place, so that they keep the focus. */

import { request, requestJson } from "./api.js";
import { timeAgo, clockFace, pause } from "./durations.js";

const RUNNING_POLL_MS = 1500;
const IDLE_POLL_MS = 10_000;
const STATES = { running: "speaking", done: "spoken", failed: "failed", cancelled: "cancelled", timed_out: "timed out" };

const listElement = document.getElementById("jobs");
const emptyHint = document.getElementById("no-jobs");
const rows = new Map();
let refreshSoon = new AbortController();

/** Shows and updates the list until the page is closed; `onOpen(id)` is called when a job is selected. */
export async function listJobs({ onOpen, isOpen, announce }) {
  for (;;) {
    let running = false;
    if (!document.hidden) {
      try {
        const { data } = await requestJson("/v1/jobs");
        running = data.some((card) => card.state === "running");
        showCards(data, { onOpen, isOpen, announce });
      } catch {
        running = false; // the gateway does not respond; keep the list
      }
    }
    refreshSoon = new AbortController();
    await pause(running ? RUNNING_POLL_MS : IDLE_POLL_MS, refreshSoon.signal);
  }
}

/** Refreshes the list now. */
export const refreshJobs = () => refreshSoon.abort();
addEventListener("visibilitychange", () => document.hidden || refreshJobs());

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

function newRow({ id }, { onOpen, announce }) {
  const element = document.createElement("li");
  const [open, facts, bar, cancel] = ["button", "p", "progress", "button"].map((name) => document.createElement(name));
  open.type = cancel.type = "button";
  open.className = "title";
  facts.className = "hint";
  cancel.className = "quiet";
  bar.ariaHidden = "true"; // the text beside it says the same
  cancel.textContent = "Cancel";
  open.addEventListener("click", () => onOpen(id));
  cancel.addEventListener("click", async () => {
    await request(`/v1/jobs/${id}`, { method: "DELETE" }).catch((error) => announce(error.message));
    refreshJobs();
  });
  element.append(open, facts, bar, cancel);
  return { element, open, facts, bar, cancel };
}

function fillRow({ element, open, facts, bar, cancel }, card, { isOpen }) {
  const name = card.title || `Job ${card.id.slice(0, 8)}`;
  const running = card.state === "running";
  element.dataset.state = card.state;
  open.textContent = name;
  if (isOpen(card.id)) open.setAttribute("aria-current", "true");
  else open.removeAttribute("aria-current");
  const parts = [
    running ? `${card.sentences_done} of ${card.sentences} sentences` : STATES[card.state],
    clockFace(card.audio_s),
    card.created ? timeAgo(card.created) : "",
  ];
  const words = parts.filter(Boolean).join(" · ");
  if (facts.textContent !== words) facts.textContent = words;
  bar.hidden = cancel.hidden = !running;
  bar.max = Math.max(1, card.sentences);
  bar.value = card.sentences_done;
  cancel.setAttribute("aria-label", `Cancel “${name}”`);
}
