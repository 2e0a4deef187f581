/** The list of the user's jobs, with their progress. Its rows stay where they are, so that focus does. */

import { ask, askJson } from "./api.js";
import { ago, clock, pause } from "./times.js";

const SOON_MS = 1500;
const LATER_MS = 10_000;
const STATES = { running: "speaking", done: "spoken", failed: "failed", cancelled: "cancelled", timed_out: "timed out" };

const list = document.getElementById("jobs");
const none = document.getElementById("no-jobs");
const rows = new Map();
let hurry = new AbortController();

/** Shows the list for as long as the page is there; `onOpen(id)` is called when a job is chosen. */
export async function listJobs({ onOpen, isOpen, say }) {
  for (;;) {
    let running = false;
    if (!document.hidden) {
      try {
        const { data } = await askJson("/v1/jobs");
        running = data.some((card) => card.state === "running");
        show(data, { onOpen, isOpen, say });
      } catch {
        running = false; // the gateway is away; what was known stays
      }
    }
    hurry = new AbortController();
    await pause(running ? SOON_MS : LATER_MS, hurry.signal);
  }
}

/** Looks at once. */
export const lookAgain = () => hurry.abort();
addEventListener("visibilitychange", () => document.hidden || lookAgain());

function show(cards, doors) {
  none.hidden = cards.length > 0;
  for (const [id, row] of rows) {
    if (!cards.some((card) => card.id === id)) {
      row.element.remove();
      rows.delete(id);
    }
  }
  cards.forEach((card, place) => {
    if (!rows.has(card.id)) rows.set(card.id, newRow(card, doors));
    const row = rows.get(card.id);
    if (list.children[place] !== row.element) list.insertBefore(row.element, list.children[place] ?? null);
    fill(row, card, doors);
  });
}

function newRow({ id }, { onOpen, say }) {
  const element = document.createElement("li");
  const [open, facts, bar, cancel] = ["button", "p", "progress", "button"].map((name) => document.createElement(name));
  open.type = cancel.type = "button";
  open.className = "title";
  facts.className = "hint";
  cancel.className = "quiet";
  bar.ariaHidden = "true"; // the words beside it say the same, once
  cancel.textContent = "Cancel";
  open.addEventListener("click", () => onOpen(id));
  cancel.addEventListener("click", async () => {
    await ask(`/v1/jobs/${id}`, { method: "DELETE" }).catch((error) => say(error.message));
    lookAgain();
  });
  element.append(open, facts, bar, cancel);
  return { element, open, facts, bar, cancel };
}

function fill({ element, open, facts, bar, cancel }, card, { isOpen }) {
  const name = card.title || `Job ${card.id.slice(0, 8)}`;
  const running = card.state === "running";
  element.dataset.state = card.state;
  open.textContent = name;
  if (isOpen(card.id)) open.setAttribute("aria-current", "true");
  else open.removeAttribute("aria-current");
  const said = [
    running ? `${card.spoken} of ${card.sentences} sentences` : STATES[card.state],
    clock(card.audio_s),
    card.created ? ago(card.created) : "",
  ];
  const words = said.filter(Boolean).join(" · ");
  if (facts.textContent !== words) facts.textContent = words;
  bar.hidden = cancel.hidden = !running;
  bar.max = Math.max(1, card.sentences);
  bar.value = card.spoken;
  cancel.setAttribute("aria-label", `Cancel “${name}”`);
}
