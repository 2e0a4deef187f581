/**
 * The form's fields for pool, language, voice and timbre. Voices are grouped by language; for a voice with several
 * languages the job names one. Timbres, whose names begin with a plus sign, are appended to any voice ("en-gb+f3"). The
 * last choice in each pool is stored.
 */

import { requestJson } from "./api.js";

const POOL = "seriatim.pool";
const ANY = ""; // language of voices whose languages are unknown
const names = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });

const $ = (id) => document.getElementById(id);
const [pool, language, voice, timbre] = ["pool", "language", "voice", "timbre"].map($);
let speakers = []; // of the pool, from /v1/voices; the first is the default
let timbres = [];

pool.addEventListener("change", () => {
  localStorage.setItem(POOL, pool.value);
  loadPoolVoices();
});
language.addEventListener("change", () => {
  showLanguage(language.value, voice.value);
  storeChoice();
});
for (const field of [voice, timbre]) field.addEventListener("change", storeChoice);

/** Loads pools and voices into the fields; keeps the selection if possible. */
export async function loadVoices() {
  const pools = (await requestJson("/v1/pools")).data.filter((each) => each.slots);
  const preferred = (await requestJson("/v1/voices")).data[0]?.model; // the default pool
  const before = pool.value || localStorage.getItem(POOL); // read now: the user may have changed it meanwhile
  pool.replaceChildren(...pools.map((each) => new Option(each.id)));
  const best = [before, preferred].find((name) => pools.some((each) => each.id === name));
  if (best) pool.value = best;
  $("pool-field").hidden = pools.length < 2;
  await loadPoolVoices();
}

/** The selected fields of a job. `language` is set only for voices with several. */
export function chosenVoice() {
  const speaker = speakers.find((each) => each.id === voice.value);
  const languageField = speaker && languagesOf(speaker).length > 1 ? { language: language.value } : {};
  return { model: pool.value, voice: voice.value + timbre.value, ...languageField };
}

async function loadPoolVoices() {
  const requestedPool = pool.value;
  const { data } = await requestJson(`/v1/voices?model=${encodeURIComponent(requestedPool)}`);
  if (pool.value !== requestedPool) return; // another pool was selected meanwhile
  timbres = data.filter((each) => each.id.startsWith("+"));
  speakers = data.filter((each) => !each.id.startsWith("+"));
  const [preferredVoice, preferredTimbre] = (localStorage.getItem(storageKey("voice")) ?? "").split(/(?=\+)/);
  const last = speakers.find((each) => each.id === preferredVoice) ?? speakers[0];
  showLanguages();
  showLanguage(last ? likelyLanguage(last) : ANY, last?.id ?? "");
  timbre.replaceChildren(new Option("Voice's default", ""), ...timbres.map((each) => new Option(each.name.slice(1), each.id)));
  timbre.value = timbres.some((each) => each.id === preferredTimbre) ? preferredTimbre : "";
  $("timbre-field").hidden = !timbres.length;
}

function showLanguages() {
  const available = [...new Set(speakers.flatMap(languagesOf))].map((tag) => new Option(languageLabel(tag), tag));
  language.replaceChildren(...available.sort((a, b) => a.text.localeCompare(b.text)));
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
  return !speaker.language || !full || full === languageLabel(baseLanguage(speaker.language)) ? speaker.name : `${full} (${speaker.name})`;
}

const baseLanguage = (tag) => tag.split("-")[0].toLowerCase();
const languagesOf = ({ languages, language: own }) => (languages.length ? [...new Set(languages.map(baseLanguage))] : [baseLanguage(own)]);

function languageLabel(tag) {
  if (tag === ANY) return "Any";
  return displayName(tag) ?? (speakers.find((each) => baseLanguage(each.language) === tag)?.description || tag);
}

/** The browser's name of a language; undefined if it has none. */
function displayName(tag) {
  try {
    return names.of(tag);
  } catch {
    return undefined; // not a valid BCP 47 tag
  }
}
