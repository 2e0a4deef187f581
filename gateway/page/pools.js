/** How busy the pools are. */

import { askJson } from "./api.js";
import { pause } from "./times.js";

const EVERY_MS = 3000;
const PATIENCE_MS = 8000; // a gateway whose Redis is away says so within that
const place = document.getElementById("pools");
const none = document.getElementById("no-pools");
const away = document.getElementById("away");
const cards = new Map();

/**
 * Shows them for as long as the page is there, or that the gateway does not answer. `onChange()` is called when others can speak
 * than before, `say(words)` tells the user.
 */
export async function showPools({ onChange, say }) {
  let speaking = null;
  for (;;) {
    const found = document.hidden ? null : await look(say);
    if (found) {
      show(found.data);
      const now = found.data.filter((pool) => pool.slots).map((pool) => pool.id).join(" ");
      if (now !== speaking) onChange();
      speaking = now;
    }
    await pause(EVERY_MS);
  }
}

/** The pools; null when the gateway, or its Redis, is away, or wants a key that is not given. */
async function look(say) {
  try {
    const found = await askJson("/v1/pools", { signal: AbortSignal.timeout(PATIENCE_MS) });
    answered(true, say);
    return found;
  } catch (error) {
    if (error.status !== 401) answered(false, say);
    return null;
  }
}

function answered(now, say) {
  if (away.hidden === now) return;
  away.hidden = now;
  say(now ? "The gateway answers again." : "The gateway does not answer.");
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
    ["Waiting", `${pool.waiting.toLocaleString("en")} sentence${pool.waiting === 1 ? "" : "s"}`],
    ["Load", percent(pool.load)],
    ["19 of 20 waits under", pool.wait_p95_s === null ? "–" : `${pool.wait_p95_s.toFixed(2)} s`],
    ["Work for 1 s of sound", pool.rtf ? `${pool.rtf.toFixed(2)} s` : "–"],
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
