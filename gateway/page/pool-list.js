/** The list of pools and their load. */

const container = document.getElementById("pools");
const emptyHint = document.getElementById("no-pools");
const cards = new Map();

/** Shows the pools, from /v1/pools. */
export function showPools(pools) {
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
