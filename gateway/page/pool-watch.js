/** The watch over the gateway: it requests the pools now and then, and shows a notice while the gateway does not respond. */

import { requestJson } from "./api.js";
import { pause } from "./durations.js";

const POLL_MS = 3000;
const TIMEOUT_MS = 8000; // a gateway whose Redis does not respond answers within this time
const unreachableNotice = document.getElementById("away");

/** Calls `onPools(pools)` now and then, until the page is closed. */
export async function watchPools({ onPools, announce }) {
  for (;;) {
    const response = document.hidden ? null : await fetchPools(announce);
    if (response) onPools(response.data);
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
