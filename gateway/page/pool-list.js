/** The list of pools and their load. */

import { requestJson } from "./api.js";
import { pause } from "./durations.js";

const POLL_MS = 3000;
const TIMEOUT_MS = 8000; // a gateway whose Redis does not respond answers within this time
const container = document.getElementById("pools");
const emptyHint = document.getElementById("no-pools");
const unreachableNotice = document.getElementById("away");
const cards = new Map();

/**
 * Shows and updates the pools until the page is closed, or a notice while the gateway does not respond. `onChange()` is
 * called when the set of pools with workers changes.
 */
export async function showPools({ onChange, announce }) {
  let readyPools = null;
  for (;;) {
    const response = document.hidden ? null : await fetchPools(announce);
    if (response) {
      showCards(response.data);
      const ready = response.data.filter((pool) => pool.slots).map((pool) => pool.id).join(" ");
      if (ready !== readyPools) onChange();
      readyPools = ready;
    }
    await pause(POLL_MS);
  }
}

/** Requests the pools; null if the gateway or its Redis does not respond, or requires a key. */
async function fetchPools(announce) {
  try {
    const response = await requestJson("/v1/pools", { signal: AbortSignal.timeout(TIMEOUT_MS) });
    showReachable(true, announce);
    return response;
  } catch (error) {
    if (error.status !== 401) showReachable(false, announce);
    return null;
  }
}

function showReachable(ready, announce) {
  if (unreachableNotice.hidden === ready) return;
  unreachableNotice.hidden = ready;
  announce(ready ? "The gateway responds again." : "The gateway does not respond.");
}

function showCards(pools) {
  emptyHint.hidden = pools.length > 0;
  for (const pool of pools) {
    if (!cards.has(pool.id)) cards.set(pool.id, newCard(pool.id));
    fillCard(cards.get(pool.id), pool);
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
  container.append(element);
  return { state, load, facts };
}

function fillCard({ state, load, facts }, pool) {
  const text = stateText(pool);
  if (state.textContent !== text) state.textContent = text;
  load.value = Math.min(1, pool.load);
  load.textContent = percent(pool.load);
  const rows = [
    ["Speaking", `${pool.in_flight} of ${pool.slots} slots`],
    ["Waiting", `${pool.waiting.toLocaleString("en")} sentence${pool.waiting === 1 ? "" : "s"}`],
    ["Load", percent(pool.load)],
    ["95 % of waits under", pool.wait_p95_s === null ? "–" : `${pool.wait_p95_s.toFixed(2)} s`],
    ["Slot time per second of audio", pool.rtf ? `${pool.rtf.toFixed(2)} s` : "–"],
    ["Recently refused", String(pool.refused_lately)],
  ];
  facts.replaceChildren(...rows.map(([term, fact]) => factRow(term, fact)));
}

function stateText(pool) {
  if (!pool.slots) return "No workers.";
  if (pool.refusing) return `Full: new listeners have to retry later; ${pool.expected_back} are expected.`;
  if (pool.degraded.length) return `Under pressure: ${pool.degraded.join(", ")}.`;
  return pool.in_flight ? "Speaking." : "Ready.";
}

function factRow(term, fact) {
  const row = document.createElement("div");
  const [name, value] = ["dt", "dd"].map((kind) => document.createElement(kind));
  name.textContent = term;
  value.textContent = fact;
  row.append(name, value);
  return row;
}

const percent = (share) => `${Math.round(100 * share)} %`;
