/**
 * The cast of a new book: the speakers whom its preview has found, and the narrators of its chapters, each with a voice of
 * the pool. What is not chosen here the gateway chooses.
 */

import { fetchVoices } from "../voices/voice-catalogue.js";
import { chosenVoice, poolVoices } from "../voices/voice-fields.js";
import { newElement } from "./book-words.js";

const NOT_SURE = "?"; // the speaker of quotations that the text does not make sure

const $ = (id) => document.getElementById(id);
const chosen = new Map(); // name of a speaker, or number of a chapter -> voice; also of those that are not there now
let speakers = []; // of the preview, as the API describes them
let sent = ""; // the cast with which it was made
let model = ""; // the pool that it names
let voices = []; // of that pool

/** Wires the editor; `onError(message)` is called if voices cannot be listed. */
export function setUpCastEditor({ onError }) {
  $("has-cast").addEventListener("change", () => {
    $("speakers").hidden = !hasCast();
    drawAll(); // the preview may have been made with other voices
  });
  poolVoices.addEventListener("change", () => loadVoices().then(drawAll, (error) => onError(error.message)));
}

/** Whether speakers are to have voices of their own. */
export const hasCast = () => speakers.length > 0 && $("has-cast").checked;

/** The cast by which a preview finds speakers, as JSON; with the voices that are chosen, if they are to count. */
export function previewCast() {
  const named = (hasCast() ? speakers : []).map(({ speaker }) => [speaker, voiceFor(speaker)]).filter(([, voice]) => voice);
  return JSON.stringify({ others: "auto", speakers: Object.fromEntries(named) });
}

/** The fields of a book: its cast, its narrators, and the pool that has their voices; empty where nothing is chosen. */
export function castFields(numbers) {
  const narrators = numbers.map((number) => [number, voiceFor(number)]).filter(([, voice]) => voice);
  const isCast = hasCast() || narrators.length;
  return {
    ...(isCast && !chosenVoice().model && { model }),
    cast: hasCast() ? previewCast() : "",
    chapter_voices: narrators.map((row) => row.join("=")).join(","),
  };
}

/** Shows the speakers of a preview that was made with a cast; the chapters must be drawn before. */
export async function showCast(plan, cast) {
  speakers = plan.speakers.filter(({ speaker }) => speaker && speaker !== NOT_SURE);
  [sent, model] = [cast, plan.model];
  $("cast").hidden = !speakers.length;
  await loadVoices();
  drawAll();
}

/** Forgets speakers and narrators: there is another document. A speaker of the same name has the same voice again. */
export function forgetCast() {
  for (const key of chosen.keys()) if (typeof key === "number") chosen.delete(key);
  speakers = [];
  $("cast").hidden = true;
}

/** The field of a chapter's narrator. */
export function newNarratorField({ number }) {
  const select = document.createElement("select");
  select.dataset.chapter = number;
  select.setAttribute("aria-label", `Voice of chapter ${number}`);
  fillSelect(select, number, "Book's voice");
  return select;
}

/** Lists the voices of the chosen pool, or of the one that the gateway has chosen. */
async function loadVoices() {
  const isChosen = Boolean(chosenVoice().model);
  voices = isChosen || !model ? poolVoices.list : (await fetchVoices(model)).filter(({ id }) => !id.startsWith("+"));
}

function drawAll() {
  $("speakers").replaceChildren(...speakers.map(newSpeakerField));
  for (const select of document.querySelectorAll("#plan-chapters select")) {
    fillSelect(select, Number(select.dataset.chapter), "Book's voice");
  }
}

function newSpeakerField({ speaker, voice, lines }, place) {
  const label = Object.assign(document.createElement("label"), { textContent: speaker, htmlFor: `speaker-${place}` });
  const select = Object.assign(document.createElement("select"), { id: label.htmlFor });
  fillSelect(select, speaker, sent === previewCast() && !voiceFor(speaker) ? `Automatic: ${voice}` : "Automatic");
  const field = document.createElement("p");
  label.append(" ", newElement("span", `· ${lines} line${lines === 1 ? "" : "s"}`, "hint"));
  field.append(label, select);
  return field;
}

function fillSelect(select, key, words) {
  select.replaceChildren(new Option(words, ""), ...voices.map((voice) => new Option(voice.name, voice.id)));
  select.value = voiceFor(key);
  select.hidden = voices.length < 2 && !select.id;
  select.onchange = () => {
    chosen.set(key, select.value);
    drawAutomatic();
  };
}

/** Names no automatic voices any more: another choice may change them. */
function drawAutomatic() {
  for (const { options } of $("speakers").querySelectorAll("select")) options[0].text = "Automatic";
}

/** The voice that was chosen; "" if this pool does not have it. */
const voiceFor = (key) => (voices.some(({ id }) => id === chosen.get(key)) ? chosen.get(key) : "");
