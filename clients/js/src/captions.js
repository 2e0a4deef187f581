/** Captions: the sentences of a speech with their times, as WebVTT. */

/**
 * Formats sentences, as `Speech.sentences` has them, as a WebVTT file; those without times are left out. With `words`,
 * each word that has a time is preceded by it, as for karaoke.
 */
export function captionsToVtt(sentences, { words = false } = {}) {
  const cues = sentences
    .filter(({ startMs, endMs }) => startMs !== null && endMs !== null)
    .map((sentence) => {
      const text = words ? timedText(sentence) : escape(sentence.text);
      return `${timestamp(sentence.startMs)} --> ${timestamp(sentence.endMs)}\n${text}\n`;
    });
  return ["WEBVTT\n", ...cues].join("\n");
}

/** The text with a timestamp before each word; they ascend, and lie within the cue, as WebVTT wants it. */
function timedText({ text, startMs, endMs, words = [] }) {
  let [made, written, search, lastMs] = ["", 0, 0, startMs];
  for (const word of words) {
    const at = text.indexOf(word.text, search);
    if (at < 0) continue;
    search = at + word.text.length;
    const ms = Math.round(startMs + word.startMs);
    if (ms <= lastMs || ms >= endMs) continue;
    made += `${escape(text.slice(written, at))}<${timestamp(ms)}>`;
    [written, lastMs] = [at, ms];
  }
  return made + escape(text.slice(written));
}

function timestamp(ms) {
  const whole = Math.round(ms);
  const parts = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60, Math.floor(whole / 1000) % 60];
  return `${parts.map((part) => String(part).padStart(2, "0")).join(":")}.${String(whole % 1000).padStart(3, "0")}`;
}

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replace(/\s+/g, " ");
}
