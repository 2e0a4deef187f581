/**
 * The audio stream of a job, read by fetch: that can send a key, start at any sentence, wait while enough audio is
 * buffered, and resume after a lost connection, at any gateway.
 */

import { GatewayError, request } from "./api.js";
import { pause } from "./durations.js";

const AGAIN_MS = 1000;
const FINAL = [401, 404, 409, 410, 500]; // statuses for which a retry is no use

/**
 * The audio from `at` (s of the job) to the end: `{start}` at the beginning of each stream, then `{bytes, type}` with its
 * content type. After a lost connection a new stream starts at or before `reachedTime()`, in s. Ends early if the job did.
 *
 * Throws a `GatewayError` if there is no audio.
 */
export async function* audioStream(jobProgress, format, at, reachedTime, signal) {
  for (let start = jobProgress.startBefore(at); !signal.aborted; start = jobProgress.startBefore(reachedTime())) {
    yield { start };
    try {
      const after = start.position ? `&after=${start.position}` : "";
      const response = await request(`/v1/jobs/${jobProgress.job}/audio?format=${format}${after}`, { signal });
      const type = response.headers.get("content-type");
      for await (const bytes of chunks(response.body)) yield { bytes, type };
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof GatewayError && FINAL.includes(error.status)) throw error;
      if (jobProgress.end && jobProgress.end.state !== "done") return; // its stream is cut on purpose
      await pause(error.retryAfterMs ?? AGAIN_MS, signal);
    }
  }
}

async function* chunks(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
