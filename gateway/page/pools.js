/** How busy the pools are. */

import { askJson } from "./api.js";
import { pause } from "./times.js";

const EVERY_MS = 3000;
const place = document.getElementById("pools");
const none = document.getElementById("no-pools");
const cards = new Map();

/** Shows them for as long as the page is there; `onChange()` is called when others can speak than before. */
export async function showPools(onChange) {
  let speaking = null;
  for (;;) {
    const found = document.hidden ? null : await askJson("/v1/pools").catch(() => null); // away: what was known stays
    if (found) {
      show(found.data);
      const now = found.data.filter((pool) => pool.slots).map((pool) => pool.id).join(" ");
      if (now !== speaking) onChange();
      speaking = now;
    }
    await pause(EVERY_MS);
  }
}

function show(pools) {
  none.hidden = pools.length > 0;
  for (const pool of pools) {
    if (!cards.has(pool.id)) cards.set(pool.id, newCard(pool.id));
    fill(cards.get(pool.id), pool);
  }
}

function newCard(id) {
  const element = document.createElement("section");
  const [title, state, load, facts] = ["h3", "p", "meter", "dl"].map((name) => document.createElement(name));
  element.className = "pool";
  title.textContent = id;
  load.setAttribute("aria-label", `Load of ${id}`);
  Object.assign(load, { min: 0, max: 1, high: 0.9, optimum: 0 });
  element.append(title, state, load, facts);
  place.append(element);
  return { state, load, facts };
}

function fill({ state, load, facts }, pool) {
  const words = stateOf(pool);
  if (state.textContent !== words) state.textContent = words;
  load.value = Math.min(1, pool.load);
  load.textContent = percent(pool.load);
  const rows = [
    ["Speaking", `${pool.in_flight} of ${pool.slots} slots`],
    ["Waiting", `${pool.waiting} sentence${pool.waiting === 1 ? "" : "s"}`],
    ["Load", percent(pool.load)],
    ["19 of 20 wait under", pool.wait_p95_s === null ? "–" : `${pool.wait_p95_s.toFixed(2)} s`],
    ["Per second of sound", pool.rtf ? `${pool.rtf.toFixed(2)} s of work` : "–"],
    ["Refused of late", String(pool.refused_lately)],
  ];
  facts.replaceChildren(...rows.map(([term, fact]) => pair(term, fact)));
}

function stateOf(pool) {
  if (!pool.slots) return "Nobody speaks here now.";
  if (pool.refusing) return `Full: listeners are told when to come back; ${pool.expected_back} are expected.`;
  if (pool.degraded.length) return `Under pressure: ${pool.degraded.join(", ")}.`;
  return pool.in_flight ? "Speaking." : "Ready.";
}

function pair(term, fact) {
  const row = document.createElement("div");
  const [name, value] = ["dt", "dd"].map((kind) => document.createElement(kind));
  name.textContent = term;
  value.textContent = fact;
  row.append(name, value);
  return row;
}

const percent = (share) => `${Math.round(100 * share)} %`;
