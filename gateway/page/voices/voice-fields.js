/**
 * The form's fields for pool, language, voice and timbre. Voices are grouped by language; for a voice with several
 * languages the job names one. Timbres, whose names begin with a plus sign, are appended to any voice ("en-gb+f3"). The
 * last choice in each pool is stored.
 */

import { favourites } from "./favourite-voices.js";
import { toggleSample } from "./sample-player.js";
import { fetchPools, fetchVoices } from "./voice-catalogue.js";
import { setUpVoiceDialog, showStar } from "./voice-dialog.js";
import { baseLanguage, displayName, labelledLanguages, languageLabel, languagesOf } from "./voice-languages.js";

const POOL = "seriatim.pool";
const AUTOMATIC = ""; // instead of a pool: the gateway chooses one that speaks the text's language

const $ = (id) => document.getElementById(id);
const [pool, language, voice, timbre] = ["pool", "language", "voice", "timbre"].map($);
let speakers = []; // of the pool, from /v1/voices; the first is the default
let timbres = [];

/** The voices of the selected pool, as `list`; none if the gateway chooses the pool. A new list is announced by "change". */
export const poolVoices = Object.assign(new EventTarget(), { list: [] });

pool.addEventListener("change", () => {
  localStorage.setItem(POOL, pool.value);
  loadPoolVoices();
});
language.addEventListener("change", () => {
  showLanguage(language.value, voice.value);
  storeChoice();
});
for (const field of [voice, timbre]) field.addEventListener("change", storeChoice);
for (const field of [pool, language, voice, timbre]) field.addEventListener("change", showFavourite);
favourites.addEventListener("change", showFavourite);

/** Wires the buttons beside the fields. */
export function setUpVoiceButtons({ onError }) {
  $("hear-voice").addEventListener("click", ({ currentTarget }) => toggleSample(currentTarget, selectedVoice()));
  $("favourite-voice").addEventListener("click", () => favourites.toggle(selectedVoice()));
  setUpVoiceDialog({ onChoose: (found, tag) => selectVoice(found, tag).catch((error) => onError(error.message)), onError });
}

/** Loads pools and voices into the fields; keeps the selection if possible. */
export async function loadVoices() {
  const pools = await fetchPools();
  const before = pool.value || localStorage.getItem(POOL); // read now: the user may have changed it meanwhile
  const automatic = pools.length > 1 ? [new Option("Suits the text", AUTOMATIC)] : [];
  pool.replaceChildren(...automatic, ...pools.map((each) => new Option(each.id)));
  if (pools.some((each) => each.id === before)) pool.value = before;
  $("pool-field").hidden = pools.length < 2;
  await loadPoolVoices();
}

/** The selected fields of a job; none if the gateway chooses. `language` is set only for voices with several. */
export function chosenVoice() {
  if (pool.value === AUTOMATIC) return {};
  const speaker = speakers.find((each) => each.id === voice.value);
  const languageField = speaker && languagesOf(speaker).length > 1 ? { language: language.value } : {};
  const { model, id } = selectedVoice();
  return { model, voice: id, ...languageField };
}

/** Selects a voice of any pool; `tag`: its language, if it was chosen by that. */
async function selectVoice(found, tag) {
  pool.value = found.model;
  localStorage.setItem(POOL, pool.value);
  await loadPoolVoices();
  showLanguage(tag ?? likelyLanguage(found), found.id);
  storeChoice();
  showFavourite();
  voice.focus();
}

/** The voice in the fields, with its timbre. */
const selectedVoice = () => ({ model: pool.value, id: voice.value + timbre.value });

function showFavourite() {
  showStar($("favourite-voice"), selectedVoice());
}

async function loadPoolVoices() {
  const requestedPool = pool.value;
  const data = requestedPool === AUTOMATIC ? [] : await fetchVoices(requestedPool);
  if (pool.value !== requestedPool) return; // another pool was selected meanwhile
  timbres = data.filter((each) => each.id.startsWith("+"));
  speakers = data.filter((each) => !each.id.startsWith("+"));
  const [preferredVoice, preferredTimbre] = (localStorage.getItem(storageKey("voice")) ?? "").split(/(?=\+)/);
  const last = speakers.find((each) => each.id === preferredVoice) ?? speakers[0];
  showLanguages();
  showLanguage(last ? likelyLanguage(last) : "", last?.id ?? "");
  timbre.replaceChildren(new Option("Voice's default", ""), ...timbres.map((each) => new Option(each.name.slice(1), each.id)));
  timbre.value = timbres.some((each) => each.id === preferredTimbre) ? preferredTimbre : "";
  $("timbre-field").hidden = !timbres.length;
  $("voice-field").hidden = $("hear-voice").hidden = $("favourite-voice").hidden = requestedPool === AUTOMATIC;
  showFavourite();
  poolVoices.list = speakers;
  poolVoices.dispatchEvent(new Event("change"));
}

function showLanguages() {
  const available = labelledLanguages(speakers).map(({ tag, label }) => new Option(label, tag));
  language.replaceChildren(...available);
  $("language-field").hidden = available.length < 2;
}

/** Shows the voices of a language; selects `preferredVoice`, or else the first. */
function showLanguage(tag, preferredVoice) {
  language.value = tag;
  const voices = speakers.filter((each) => languagesOf(each).includes(tag));
  voice.replaceChildren(...voices.map((each) => new Option(voiceLabel(each), each.id)));
  if (!voices.length) voice.append(new Option("Pool's default", ""));
  if (voices.some((each) => each.id === preferredVoice)) voice.value = preferredVoice;
}

/** The initial language of a voice: the last one used, its default, the browser's, or its first. */
function likelyLanguage(speaker) {
  const preferences = [localStorage.getItem(storageKey("language")), speaker.language && baseLanguage(speaker.language)];
  const available = languagesOf(speaker);
  return [...preferences, ...navigator.languages.map(baseLanguage)].find((tag) => available.includes(tag)) ?? available[0];
}

const storageKey = (field) => `seriatim.${field}.${pool.value}`;

function storeChoice() {
  localStorage.setItem(storageKey("voice"), voice.value + timbre.value);
  localStorage.setItem(storageKey("language"), language.value);
}

/** A label such as "British English (en-gb)"; the name alone if the language field says as much. */
function voiceLabel(speaker) {
  if (languagesOf(speaker).length > 1) return speaker.name;
  const full = displayName(speaker.language) ?? speaker.description;
  return !speaker.language || !full || full === languageLabel(baseLanguage(speaker.language), speakers) ? speaker.name : `${full} (${speaker.name})`;
}
