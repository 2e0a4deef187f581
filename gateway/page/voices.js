/**
 * Which pools there are, and who speaks in them: the choices of the form. A voice is chosen by its language; one that speaks
 * several is told which. Timbres, whose names begin with a plus sign, go behind any voice ("en-gb+f3"). The last choice in
 * each pool is remembered.
 */

import { askJson } from "./api.js";

const POOL = "seriatim.pool";
const ANY = ""; // the language of a voice of which nobody has said what it speaks
const names = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });

const $ = (id) => document.getElementById(id);
const [pool, language, voice, timbre] = ["pool", "language", "voice", "timbre"].map($);
let speakers = []; // of the pool: as /v1/voices has them; the first is the one that is meant when none is named
let timbres = [];

pool.addEventListener("change", () => {
  localStorage.setItem(POOL, pool.value);
  offerVoices();
});
language.addEventListener("change", () => {
  offerLanguage(language.value, voice.value);
  remember();
});
for (const field of [voice, timbre]) field.addEventListener("change", remember);

/** Fills the lists; what was chosen stays, if it can. */
export async function offer() {
  const pools = (await askJson("/v1/pools")).data.filter((each) => each.slots);
  const preferred = (await askJson("/v1/voices")).data[0]?.model; // the one that is meant when none is named
  const before = pool.value || localStorage.getItem(POOL); // as it is now: the user may have chosen meanwhile
  pool.replaceChildren(...pools.map((each) => new Option(each.id)));
  const best = [before, preferred].find((name) => pools.some((each) => each.id === name));
  if (best) pool.value = best;
  $("pool-field").hidden = pools.length < 2;
  await offerVoices();
}

/** What of a job's wishes is chosen here. A voice of one language speaks that: it need not be told. */
export function chosen() {
  const speaker = speakers.find((each) => each.id === voice.value);
  const told = speaker && tags(speaker).length > 1 ? { language: language.value } : {};
  return { model: pool.value, voice: voice.value + timbre.value, ...told };
}

async function offerVoices() {
  const asked = pool.value;
  const { data } = await askJson(`/v1/voices?model=${encodeURIComponent(asked)}`);
  if (pool.value !== asked) return; // another was chosen meanwhile, and has been asked for
  timbres = data.filter((each) => each.id.startsWith("+"));
  speakers = data.filter((each) => !each.id.startsWith("+"));
  const [wanted, plus] = (localStorage.getItem(choice("voice")) ?? "").split(/(?=\+)/);
  const last = speakers.find((each) => each.id === wanted) ?? speakers[0];
  offerLanguages();
  offerLanguage(last ? likely(last) : ANY, last?.id ?? "");
  timbre.replaceChildren(new Option("As the voice has it", ""), ...timbres.map((each) => new Option(each.name.slice(1), each.id)));
  timbre.value = timbres.some((each) => each.id === plus) ? plus : "";
  $("timbre-field").hidden = !timbres.length;
}

function offerLanguages() {
  const known = [...new Set(speakers.flatMap(tags))].map((tag) => new Option(named(tag), tag));
  language.replaceChildren(...known.sort((a, b) => a.text.localeCompare(b.text)));
  $("language-field").hidden = known.length < 2;
}

/** Offers the voices of a language; `wanted` is chosen if it is one of them, or else the first. */
function offerLanguage(tag, wanted) {
  language.value = tag;
  const own = speakers.filter((each) => tags(each).includes(tag));
  voice.replaceChildren(...own.map((each) => new Option(labelled(each), each.id)));
  if (!own.length) voice.append(new Option("As the pool has it", ""));
  if (own.some((each) => each.id === wanted)) voice.value = wanted;
}

/** The language that is most likely wanted of a voice: the last one, its own, the browser's, or the first that it has. */
function likely(speaker) {
  const wishes = [localStorage.getItem(choice("language")), speaker.language && base(speaker.language)];
  const known = tags(speaker);
  return [...wishes, ...navigator.languages.map(base)].find((tag) => known.includes(tag)) ?? known[0];
}

const choice = (what) => `seriatim.${what}.${pool.value}`;

function remember() {
  localStorage.setItem(choice("voice"), voice.value + timbre.value);
  localStorage.setItem(choice("language"), language.value);
}

/** "British English (en-gb)"; the name alone where the language says no more than its field does. */
function labelled(speaker) {
  if (tags(speaker).length > 1) return speaker.name;
  const full = nameOf(speaker.language) ?? speaker.description;
  return !speaker.language || !full || full === named(base(speaker.language)) ? speaker.name : `${full} (${speaker.name})`;
}

const base = (tag) => tag.split("-")[0].toLowerCase();
const tags = ({ languages, language: own }) => (languages.length ? [...new Set(languages.map(base))] : [base(own)]);

function named(tag) {
  if (tag === ANY) return "Any";
  return nameOf(tag) ?? (speakers.find((each) => base(each.language) === tag)?.description || tag);
}

/** What the browser calls a language; undefined if it does not know it. */
function nameOf(tag) {
  try {
    return names.of(tag);
  } catch {
    return undefined; // not a tag that BCP 47 knows
  }
}
