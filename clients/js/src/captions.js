/** Captions: the sentences of a speech with their times, as WebVTT. */

/** Formats sentences, as `Speech.sentences` has them, as a WebVTT file; those without times are left out. */
export function captionsToVtt(sentences) {
  const cues = sentences
    .filter(({ startMs, endMs }) => startMs !== null && endMs !== null)
    .map(({ startMs, endMs, text }) => `${timestamp(startMs)} --> ${timestamp(endMs)}\n${escape(text)}\n`);
  return ["WEBVTT\n", ...cues].join("\n");
}

function timestamp(ms) {
  const whole = Math.round(ms);
  const parts = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60, Math.floor(whole / 1000) % 60];
  return `${parts.map((part) => String(part).padStart(2, "0")).join(":")}.${String(whole % 1000).padStart(3, "0")}`;
}

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replace(/\s+/g, " ");
}
