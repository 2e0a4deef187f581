/**
 * The dialog in which a voice is found: the voices of all pools, filtered by words, language and pool, each with a sample.
 * Favourites come first.
 */

import { favourites } from "./favourite-voices.js";
import { stopSample, toggleSample } from "./sample-player.js";
import { fetchAllVoices } from "./voice-catalogue.js";
import { displayName, labelledLanguages, languageLabel, languagesOf } from "./voice-languages.js";

const EVERY = "*"; // option of a filter
const PLURAL = new Intl.PluralRules("en");

const $ = (id) => document.getElementById(id);
const dialog = $("voices-dialog");
const [search, languageFilter, poolFilter, onlyFavourites] = ["voice-search", "voice-language", "voice-pool", "only-favourites"].map($);
const rowList = $("voice-rows");
let voices = [];

/** Wires the dialog; `onChoose(voice, language)` is called when a voice is chosen. */
export function setUpVoiceDialog({ onChoose, onError }) {
  $("find-voice").addEventListener("click", () => openDialog(onChoose).catch((error) => onError(error.message)));
  $("close-voices").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", stopSample);
  search.addEventListener("input", showMatches);
  for (const field of [languageFilter, poolFilter, onlyFavourites]) field.addEventListener("change", showMatches);
}

async function openDialog(onChoose) {
  voices = await fetchAllVoices();
  fillFilter(languageFilter, "All languages", labelledLanguages(voices).map(({ tag, label }) => [label, tag]));
  fillFilter(poolFilter, "All pools", [...new Set(voices.map(({ model }) => model))].map((pool) => [pool, pool]));
  $("voice-pool-field").hidden = poolFilter.options.length < 3;
  voices.sort((a, b) => favourites.has(b) - favourites.has(a)); // now only: rows must not move while they are pressed
  rowList.replaceChildren(...voices.map((voice) => newRow(voice, onChoose)));
  showMatches();
  dialog.showModal();
  search.focus();
}

function fillFilter(field, everything, choices) {
  const before = field.selectedOptions[0]?.value ?? EVERY; // "" is a language: any
  field.replaceChildren(new Option(everything, EVERY), ...choices.map(([label, value]) => new Option(label, value)));
  field.value = [...field.options].some(({ value }) => value === before) ? before : EVERY;
}

function showMatches() {
  const words = plain(search.value).split(/\s+/);
  let n = 0;
  voices.forEach((voice, place) => {
    const isMatch = matches(voice, words);
    rowList.children[place].hidden = !isMatch;
    n += isMatch;
  });
  $("voice-count").textContent = n ? `${n} ${PLURAL.select(n) === "one" ? "voice" : "voices"}` : "No voice matches.";
}

function matches(voice, words) {
  if (onlyFavourites.checked && !favourites.has(voice)) return false;
  if (poolFilter.value !== EVERY && voice.model !== poolFilter.value) return false;
  if (languageFilter.value !== EVERY && !languagesOf(voice).includes(languageFilter.value)) return false;
  const described = plain([voice.name, ...factsOf(voice), voice.language, ...languagesOf(voice)].join(" "));
  return words.every((word) => described.includes(word));
}

/** A text as it is compared: without capitals and accents. */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

function newRow(voice, onChoose) {
  const row = document.createElement("li");
  const [words, name, facts] = ["p", "strong", "span"].map((tag) => document.createElement(tag));
  name.textContent = voice.name;
  facts.textContent = factsOf(voice).join(" · ");
  facts.className = "hint";
  words.append(name, facts);
  const hear = newButton("hear", `Hear ${voice.name}`, (button) => toggleSample(button, voice));
  hear.setAttribute("aria-pressed", "false");
  const star = newButton("star", `Favourite ${voice.name}`, (button) => {
    favourites.toggle(voice);
    showStar(button, voice);
  });
  showStar(star, voice);
  const use = newButton("", `Use ${voice.name}`, () => {
    dialog.close();
    onChoose(voice, languageFilter.value === EVERY ? null : languageFilter.value);
  });
  use.textContent = "Use";
  row.append(hear, words, star, use);
  return row;
}

function newButton(className, label, onPress) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = className;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", () => onPress(button));
  return button;
}

export function showStar(button, voice) {
  button.setAttribute("aria-pressed", String(favourites.has(voice)));
}

/** The facts about a voice that are shown and searched: its language or how many it has, its description, its pool. */
function factsOf(voice) {
  const languages = languagesOf(voice).map((tag) => languageLabel(tag, voices));
  const spoken = languages.length > 1 ? languages.join(", ") : (displayName(voice.language || "?") ?? languages[0]);
  const described = voice.description.toLowerCase() === spoken.toLowerCase() ? "" : voice.description;
  return [spoken, described, voice.model].filter(Boolean);
}
