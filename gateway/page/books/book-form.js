/**
 * The form of a new book: a document, how it is spoken, and its files. A preview lists the chapters, of which some may be
 * left out. One press is one book, even if its request is repeated.
 */

import { postFile, randomKey } from "../api.js";
import { clockFace } from "../durations.js";
import { chosenVoice } from "../voices/voice-fields.js";
import { costOf, newElement, rangesOf } from "./book-words.js";
import { castFields, forgetCast, hasCast, newNarratorField, previewCast, setUpCastEditor, showCast } from "./cast-editor.js";

const EXCLUDABLE = ["front", "back", "tables", "poems", "quotations"];
const MAX_FILE_BYTES = 16 * 1024 * 1024; // the gateway's default limit

const $ = (id) => document.getElementById(id);
let file = null;
let planned = []; // the numbers of the chapters in the preview; empty: there is none

/** Wires the form; `onBook(card)` is called when a book was accepted. */
export function setUpBookForm({ onBook, announce, showNotice }) {
  $("file").addEventListener("change", ({ target }) => chooseFile(target.files[0], showNotice));
  acceptDroppedFiles(showNotice);
  setUpCastEditor({ onError: showNotice });
  for (const id of ["notes", ...EXCLUDABLE.map((part) => `no-${part}`)]) $(id).addEventListener("change", forgetPlan);
  $("make").addEventListener("submit", (event) => {
    event.preventDefault();
    const cast = previewCast();
    send("/v1/books/plan", { ...fields(), cast }, "Preview is ready.", (plan) => showPlan(plan, cast));
  });
  $("start").addEventListener("click", () => send("/v1/books", fields(), "The book is being made.", onBook));

  async function send(path, body, words, onAnswer) {
    if (!file) {
      $("file").focus();
      showNotice("There is no document yet.");
      return;
    }
    if (planned.length && !chosenChapters().length) {
      showNotice("No chapter is chosen.");
      return;
    }
    $("refusal").hidden = true;
    for (const id of ["preview", "start"]) $(id).disabled = true;
    announce("Sent.");
    try {
      await onAnswer(await postFile(path, file, body, { "idempotency-key": randomKey() }));
      announce(words);
    } catch (error) {
      $("refusal").textContent = error.message;
      $("refusal").hidden = false;
    } finally {
      for (const id of ["preview", "start"]) $(id).disabled = false;
    }
  }
}

/** The fields of the request; empty ones are left out. */
function fields() {
  const [layout, format] = $("form").value.split(" ");
  const left = chosenChapters();
  return {
    ...chosenVoice(), ...castFields(left), speed: $("speed").value, layout, format, loudness: $("loudness").value,
    captions: $("captions").checked && format !== "epub" ? "vtt" : "", include: $("notes").checked ? "notes" : "",
    exclude: EXCLUDABLE.filter((part) => $(`no-${part}`).checked).join(","),
    chapters: left.length < planned.length ? rangesOf(left) : "",
  };
}

const chosenChapters = () => planned.filter((number) => $(`chapter-${number}`).checked);

function chooseFile(chosen, showNotice) {
  if (!chosen) return;
  if (chosen.size > MAX_FILE_BYTES) {
    showNotice(`${chosen.name} is larger than 16 MB.`);
    return;
  }
  file = chosen;
  $("file-name").textContent = file.name;
  forgetPlan();
  forgetCast();
  showNotice(`${file.name} is ready.`);
}

function acceptDroppedFiles(showNotice) {
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.toggle("dropping", name === "dragover");
      if (name === "drop") chooseFile(event.dataTransfer.files[0], showNotice);
    });
  }
}

function forgetPlan() {
  planned = [];
  $("plan").hidden = true;
  $("plan-chapters").replaceChildren();
}

async function showPlan(plan, cast) {
  const isPartial = chosenChapters().length < planned.length; // those that are left out stay in the list
  if (!isPartial) {
    planned = plan.chapters.map(({ number }) => number);
    $("plan-chapters").replaceChildren(...plan.chapters.map(newRow));
  }
  await showCast(plan, cast);
  showTotals(plan);
}

function showTotals(plan) {
  const n = plan.chapters.length;
  const by = plan.authors.length ? ` by ${plan.authors.join(", ")}` : "";
  $("plan-title").textContent = plan.title + by;
  const voice = plan.voice ? `${plan.voice} of ${plan.model}` : plan.model;
  const speakers = hasCast() ? `${plan.speakers.length} voices` : "";
  $("plan-facts").textContent = [
    `${n} chapter${n === 1 ? "" : "s"}`, `about ${clockFace(plan.estimated_s)}`, voice, speakers,
    plan.cover ? "with a cover" : "", costOf(plan.cost),
  ].filter(Boolean).join(" · ");
  $("plan-warnings").replaceChildren(...plan.warnings.map((warning) => newElement("li", warning)));
  $("plan").hidden = false;
}

function newRow(chapter) {
  const row = document.createElement("li");
  const label = document.createElement("label");
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", id: `chapter-${chapter.number}`, checked: true });
  const matter = chapter.matter ? ` (${chapter.matter} matter)` : "";
  label.append(box, newElement("span", `${chapter.number}. ${chapter.title}${matter}`));
  row.append(label, newNarratorField(chapter), newElement("span", `${chapter.words.toLocaleString("en")} words · ${clockFace(chapter.estimated_s)}`, "hint"));
  return row;
}
