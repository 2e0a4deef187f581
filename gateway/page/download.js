/** A job's sound, or its captions, as a file that is called as the job is. */

import { ask, key } from "./api.js";

const CAPTIONS = ["vtt", "srt"];
const LONGEST = 100; // characters
const UNFIT = /[\\/:*?"<>|\p{C}]+/gu; // what one system or another does not have in names

export async function save(job, title, format, say) {
  const what = CAPTIONS.includes(format) ? "captions" : "audio";
  const path = `/v1/jobs/${job}/${what}?format=${format}`;
  const name = `${fit(title) || `seriatim-${job.slice(0, 8)}`}.${format}`;
  if (!key.get()) return press(path, name); // the browser writes it to disk as it comes
  say("Fetching the file.");
  const address = URL.createObjectURL(await (await ask(path)).blob()); // a link cannot send a key
  press(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

const fit = (title) => title.slice(0, LONGEST).replace(UNFIT, " ").replace(/\s+/g, " ").replace(/^[\s.…]+|[\s.…]+$/g, "");

function press(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
