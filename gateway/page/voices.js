/**
 * Which pools there are, and who speaks in them: the choices of the form. A voice is chosen by its language; timbres, whose names
 * begin with a plus sign, go behind any voice ("en-gb+f3"). The last choice in each
 * pool is remembered.
 */

import { askJson } from "./api.js";

const POOL = "seriatim.pool";
const ANY = ""; // the language of a voice that speaks all of them
const languages = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });

const $ = (id) => document.getElementById(id);
const [pool, language, voice, timbre] = ["pool", "language", "voice", "timbre"].map($);
let speakers = []; // of the pool: {id, name, language}; the first is the one that is meant when none is named
let timbres = [];

pool.addEventListener("change", () => {
  localStorage.setItem(POOL, pool.value);
  offerVoices();
});
language.addEventListener("change", () => {
  offerLanguage(language.value, "");
  remember();
});
for (const field of [voice, timbre]) field.addEventListener("change", remember);

/** Fills the lists; what was chosen stays, if it can. */
export async function offer() {
  const pools = (await askJson("/v1/pools")).data.filter((each) => each.slots);
  const before = pool.value || localStorage.getItem(POOL);
  pool.replaceChildren(...pools.map((each) => new Option(each.id)));
  const preferred = (await askJson("/v1/voices")).data[0]?.model; // the one that is meant when none is named
  const best = [before, preferred].find((name) => pools.some((each) => each.id === name));
  if (best) pool.value = best;
  $("pool-field").hidden = pools.length < 2;
  await offerVoices();
}

export const chosen = () => ({ model: pool.value, voice: voice.value + timbre.value });

async function offerVoices() {
  const { data } = await askJson(`/v1/voices?model=${encodeURIComponent(pool.value)}`);
  timbres = data.filter((each) => each.id.startsWith("+"));
  speakers = data.filter((each) => !each.id.startsWith("+"));
  const [wanted, plus] = (localStorage.getItem(choice()) ?? "").split(/(?=\+)/);
  const last = speakers.find((each) => each.id === wanted) ?? speakers[0];
  offerLanguages();
  offerLanguage(base(last), last?.id ?? "");
  timbre.replaceChildren(new Option("As the voice has it", ""), ...timbres.map((each) => new Option(each.name.slice(1), each.id)));
  timbre.value = timbres.some((each) => each.id === plus) ? plus : "";
  $("timbre-field").hidden = !timbres.length;
}

function offerLanguages() {
  const known = [...new Set(speakers.map(base))].map((tag) => new Option(named(tag), tag));
  language.replaceChildren(...known.sort((a, b) => a.text.localeCompare(b.text)));
  $("language-field").hidden = known.length < 2;
}

/** Offers the voices of a language; `wanted` is chosen, or the first. */
function offerLanguage(tag, wanted) {
  language.value = tag;
  const own = speakers.filter((each) => base(each) === tag);
  voice.replaceChildren(...own.map((each) => new Option(labelled(each), each.id)));
  if (!own.length) voice.append(new Option("As the pool has it", ""));
  if (wanted) voice.value = wanted;
}

const choice = () => `seriatim.voice.${pool.value}`;

function remember() {
  localStorage.setItem(choice(), voice.value + timbre.value);
}

/** "British English (en-gb)"; the name alone where the language says no more than its field does. */
function labelled({ name, language: tag }) {
  const full = tag && (nameOf(tag) ?? "");
  return !full || full === named(tag.split("-")[0]) ? name : `${full} (${name})`;
}

const base = (speaker) => speaker?.language.split("-")[0].toLowerCase() ?? ANY;
const named = (tag) => (tag === ANY ? "Any" : nameOf(tag) ?? tag);

function nameOf(tag) {
  try {
    return languages.of(tag);
  } catch {
    return undefined; // not a tag that BCP 47 knows
  }
}
