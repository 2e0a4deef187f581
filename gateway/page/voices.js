/** Which pools there are, and who speaks in them: the choices of the form. The last choice is remembered. */

import { askJson } from "./api.js";

const CHOICE = "seriatim.voice";
const languages = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

const poolField = document.getElementById("pool-field");
const pool = document.getElementById("pool");
const voice = document.getElementById("voice");

pool.addEventListener("change", () => offerVoices());
voice.addEventListener("change", () => localStorage.setItem(CHOICE, voice.value));

/** Fills both lists; what was chosen stays, if it can. */
export async function offer() {
  const pools = (await askJson("/v1/pools")).data.filter((each) => each.slots);
  const before = pool.value;
  pool.replaceChildren(...pools.map((each) => new Option(each.id)));
  const preferred = (await askJson("/v1/voices")).data[0]?.model; // the one that is meant when none is named
  const best = [before, preferred].find((name) => pools.some((each) => each.id === name));
  if (best) pool.value = best;
  poolField.hidden = pools.length < 2;
  await offerVoices();
}

export const chosen = () => ({ model: pool.value, voice: voice.value });

async function offerVoices() {
  const { data } = await askJson(`/v1/voices?model=${encodeURIComponent(pool.value)}`);
  const groups = Map.groupBy ? Map.groupBy(data, named) : grouped(data);
  const whole = [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([label, some]) => {
    const group = document.createElement("optgroup");
    group.label = label;
    group.append(...some.map((each) => new Option(each.name, each.id)));
    return group;
  });
  const first = data[0] ? `As the pool has it: ${data[0].name}` : "As the pool has it";
  voice.replaceChildren(new Option(first, ""), ...whole);
  const before = localStorage.getItem(CHOICE) ?? "";
  voice.value = data.some((each) => each.id === before) ? before : "";
}

function named({ language }) {
  try {
    return language ? languages.of(language) : "Any language";
  } catch {
    return language; // not a tag that BCP 47 knows
  }
}

function grouped(data) {
  const found = new Map();
  for (const each of data) found.set(named(each), [...(found.get(named(each)) ?? []), each]);
  return found;
}
