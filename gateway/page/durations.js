/** Durations as text, for the screen and for screen readers. All are in seconds. */

/** Formats as "1:04" or "1:01:04". */
export function clockFace(s) {
  const whole = Math.max(0, Math.floor(s));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** Formats as "1 minute 4 seconds". */
export function spelledOut(s) {
  const whole = Math.max(0, Math.round(s));
  const parts = [[Math.floor(whole / 3600), "hour"], [Math.floor(whole / 60) % 60, "minute"], [whole % 60, "second"]];
  const words = parts.filter(([n]) => n).map(([n, unit]) => `${n} ${unit}${n === 1 ? "" : "s"}`);
  return words.join(" ") || "0 seconds";
}

/** As `spelledOut`, but rounded up to minutes above two minutes: "9 minutes". */
export const approximately = (s) => spelledOut(s > 120 ? 60 * Math.ceil(s / 60) : Math.ceil(s));

const UNITS = [[86400, "day"], [3600, "hour"], [60, "minute"]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** Formats as "3 min. ago"; `at` is in s since 1970. */
export function timeAgo(at, now = Date.now() / 1000) {
  const since = Math.max(0, now - at);
  const unit = UNITS.find(([length]) => since >= length);
  return unit ? relative.format(-Math.floor(since / unit[0]), unit[1]) : "just now";
}

/** Waits `ms`; resolves early, without an error, when `signal` is aborted. */
export function pause(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
  });
}
