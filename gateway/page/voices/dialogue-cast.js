/**
 * The cast of a dialogue: the speakers whom the text names, as in "ANNA: Hello.", each with a voice of the pool. The
 * gateway finds the same names (seriatim/text/dialogue/script_names.py), and chooses the voices that were not chosen here.
 */

import { poolVoices } from "./voice-fields.js";

const LABEL = /^[ \t]{0,6}(?:\*\*|__)?([\p{L}\p{N}][^:：\n*_]{0,39}?)(?:\*\*|__)?[ \t]?[:：]/gmu;
const MAX_NAMES = 64; // as many as the gateway counts

const $ = (id) => document.getElementById(id);
const chosen = new Map(); // name -> voice, also of names that the text has no longer
let names = []; // of the text

$("has-cast").addEventListener("change", () => ($("speakers").hidden = !$("has-cast").checked));
poolVoices.addEventListener("change", draw);

/** Shows a field for each speaker of a text; none if it names none. */
export function showSpeakers(text) {
  const found = [...text.matchAll(LABEL)].map(([, name]) => name.trim()).filter(isInCapitals);
  const before = names.join("\n");
  names = [...new Set(found)].slice(0, MAX_NAMES);
  $("cast").hidden = !names.length;
  if (names.join("\n") !== before) draw();
}

/** The cast for a job; none if the text has no speakers, or they are read as they are written. */
export function chosenCast() {
  if (!names.length || !$("has-cast").checked) return {};
  const speakers = names.map((name) => [name, fieldValue(name)]).filter(([, voice]) => voice);
  return { cast: { others: "auto", speakers: Object.fromEntries(speakers) } };
}

function draw() {
  $("speakers").replaceChildren(...names.map(newField));
}

function newField(name, number) {
  const label = Object.assign(document.createElement("label"), { textContent: name, htmlFor: `speaker-${number}` });
  const select = Object.assign(document.createElement("select"), { id: label.htmlFor });
  select.append(new Option("Automatic", ""), ...poolVoices.list.map((voice) => new Option(voice.name, voice.id)));
  select.value = fieldValue(name);
  select.addEventListener("change", () => chosen.set(name, select.value));
  const field = document.createElement("p");
  field.append(label, select);
  return field;
}

/** The voice that was chosen for a name; "" if this pool does not have it. */
function fieldValue(name) {
  return poolVoices.list.some(({ id }) => id === chosen.get(name)) ? chosen.get(name) : "";
}

const isInCapitals = (name) => name === name.toUpperCase() && name !== name.toLowerCase();
