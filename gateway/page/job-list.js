/** The list of the user's jobs with their progress. */

import { request } from "./api.js";
import { CardList, fillTitle, newTitle } from "./card-list.js";
import { addDialog } from "./dialog.js";
import { timeAgo, clockFace } from "./durations.js";

const STATES = { running: "speaking", done: "spoken", failed: "failed", cancelled: "cancelled", timed_out: "timed out" };

const $ = (id) => document.getElementById(id);
const jobDialog = addDialog(`
  <dialog id="job-dialog" aria-labelledby="job-dialog-title">
    <form method="dialog">
      <h2 id="job-dialog-title">Rename</h2>
      <p><label id="job-title-label" for="job-title">Title</label><input type="text" id="job-title" maxlength="200" autocomplete="off" required></p>
      <p class="press"><button type="submit" id="change-job" class="primary" value="confirmed">Rename</button>
        <button type="submit" value="" formnovalidate class="quiet">Not now</button></p>
    </form>
  </dialog>`);
const jobTitle = $("job-title");
const jobs = new CardList({
  path: "/v1/jobs",
  list: $("jobs"),
  emptyHint: $("no-jobs"),
  isAtWork: (card) => card.state === "running",
  newRow,
  fillRow,
});

/** Shows and updates the list until the page is closed; `onOpen(id)` is called when a job is selected. */
export const listJobs = (handlers) => jobs.watch(handlers);

/** Refreshes the list now. */
export const refreshJobs = () => jobs.refresh();

function newRow({ id }, { onOpen, announce }) {
  const element = document.createElement("li");
  const bar = document.createElement("progress");
  const { open, facts } = newTitle(() => onOpen(id));
  const [cancel, rename, remove] = ["Cancel", "Rename", "Delete"].map(newButton);
  bar.ariaHidden = "true"; // the text beside it says the same
  cancel.addEventListener("click", async () => {
    await request(`/v1/jobs/${id}`, { method: "DELETE" }).catch((error) => announce(error.message));
    refreshJobs();
  });
  rename.addEventListener("click", () => changeJob(id, "Rename", open.textContent, announce));
  remove.addEventListener("click", () => changeJob(id, "Delete", open.textContent, announce));
  element.append(open, facts, bar, cancel, rename, remove);
  return { element, open, facts, bar, cancel, rename, remove };
}

function newButton(label) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = label;
  return button;
}

/** Asks for a new title, or whether to delete; and does it. */
async function changeJob(id, action, title, announce) {
  jobTitle.value = title;
  jobTitle.readOnly = action === "Delete";
  $("job-title-label").textContent = action === "Delete" ? "Recording and text of this job will be gone" : "Title";
  $("job-dialog-title").textContent = $("change-job").textContent = action;
  jobDialog.returnValue = "";
  jobDialog.showModal();
  await new Promise((done) => jobDialog.addEventListener("close", done, { once: true }));
  if (jobDialog.returnValue !== "confirmed") return;
  const change = { method: "PATCH", body: JSON.stringify({ title: jobTitle.value }), headers: { "content-type": "application/json" } };
  const sent = action === "Delete" ? request(`/v1/jobs/${id}/audio`, { method: "DELETE" }) : request(`/v1/jobs/${id}`, change);
  await sent.catch((error) => announce(error.message));
  refreshJobs();
}

function fillRow({ element, open, facts, bar, cancel, rename, remove }, card, { isOpen }) {
  const name = card.title || `Job ${card.id.slice(0, 8)}`;
  const running = card.state === "running";
  element.dataset.state = card.state;
  fillTitle(open, name, isOpen(card.id));
  const parts = [
    running ? `${card.sentences_done} of ${card.sentences} sentences` : STATES[card.state],
    clockFace(card.audio_s),
    card.created ? timeAgo(card.created) : "",
  ];
  const words = parts.filter(Boolean).join(" · ");
  if (facts.textContent !== words) facts.textContent = words;
  bar.hidden = cancel.hidden = !running;
  rename.hidden = remove.hidden = running || card.drain !== "store";
  bar.max = Math.max(1, card.sentences);
  bar.value = card.sentences_done;
  for (const button of [cancel, rename, remove]) button.setAttribute("aria-label", `${button.textContent} “${name}”`);
}
