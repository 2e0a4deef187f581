/** The player of voice samples: one at a time, started and stopped by buttons beside the voices. */

import { fetchSample } from "./voice-catalogue.js";

const audio = document.getElementById("sample");
let playing = null; // {button, abort}: the sample that is playing, or being fetched

let beforeSample = () => {};
let showError = () => {};

/** Calls `onStart()` before a sample plays, and `onError(message)` if it cannot be fetched. */
export function setUpSamples({ onStart, onError }) {
  [beforeSample, showError] = [onStart, onError];
}

/** Plays the sample of a voice, or stops it if `button` plays it already. The button shows this by aria-pressed. */
export async function toggleSample(button, voice) {
  const isOwn = playing?.button === button;
  stopSample();
  if (isOwn) return;
  const abort = new AbortController();
  playing = { button, abort };
  button.setAttribute("aria-pressed", "true");
  try {
    const url = URL.createObjectURL(await fetchSample(voice, abort.signal));
    abort.signal.addEventListener("abort", () => URL.revokeObjectURL(url));
    if (abort.signal.aborted) return;
    beforeSample();
    audio.src = url;
    audio.addEventListener("ended", stopSample, { once: true, signal: abort.signal });
    await audio.play();
  } catch (error) {
    if (abort.signal.aborted) return;
    stopSample();
    showError(error.message);
  }
}

export function stopSample() {
  if (!playing) return;
  const { button, abort } = playing;
  playing = null;
  abort.abort();
  audio.pause();
  button.setAttribute("aria-pressed", "false");
}
