/**
 * A job's sound as the gateway sends it, read by the page itself: it can send a key, begin at any sentence, wait when enough
 * lies ahead, and go on after a connection was lost, at this gateway or at another.
 */

import { Refusal, ask } from "./api.js";
import { pause } from "./times.js";

const AGAIN_MS = 1000;
const FINAL = [401, 404, 409, 410, 500]; // asking again would change nothing

/**
 * The sound from `at` (s of the job) to its end: `{place}` where a stream begins, then `{bytes, type}`, its content type. After
 * a loss it begins anew at the sentence or piece in which `reached()` lies, in s. Ends early where a job was cut off.
 *
 * Throws a `Refusal` if there is nothing to be had.
 */
export async function* streamOf(course, format, at, reached, signal) {
  for (let place = course.before(at); !signal.aborted; place = course.before(reached())) {
    yield { place };
    try {
      const after = place.position ? `&after=${place.position}` : "";
      const answer = await ask(`/v1/jobs/${course.job}/audio?format=${format}${after}`, { signal });
      const type = answer.headers.get("content-type");
      for await (const bytes of pieces(answer.body)) yield { bytes, type };
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refusal && FINAL.includes(error.status)) throw error;
      if (course.end && course.end.state !== "done") return; // its stream is cut on purpose
      await pause(error.againMs ?? AGAIN_MS, signal);
    }
  }
}

async function* pieces(stream) {
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
