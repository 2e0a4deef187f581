/** Times in words: for eyes, and for screen readers. All are in seconds. */

/** "1:04", "1:01:04". */
export function clock(s) {
  const whole = Math.max(0, Math.floor(s));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** "1 minute 4 seconds". */
export function inWords(s) {
  const whole = Math.max(0, Math.round(s));
  const parts = [[Math.floor(whole / 3600), "hour"], [Math.floor(whole / 60) % 60, "minute"], [whole % 60, "second"]];
  const said = parts.filter(([n]) => n).map(([n, unit]) => `${n} ${unit}${n === 1 ? "" : "s"}`);
  return said.join(" ") || "0 seconds";
}

/** The same, as roughly as one can mean it: "9 minutes" beyond two of them. */
export const roughly = (s) => inWords(s > 120 ? 60 * Math.ceil(s / 60) : Math.ceil(s));

const SPANS = [[86400, "day"], [3600, "hour"], [60, "minute"]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "3 minutes ago"; `at` in s since 1970. */
export function ago(at, now = Date.now() / 1000) {
  const since = Math.max(0, now - at);
  const span = SPANS.find(([length]) => since >= length);
  return span ? relative.format(-Math.floor(since / span[0]), span[1]) : "just now";
}

/** Waits; ends at once, without an error, when `signal` is aborted. */
export function pause(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
  });
}
