/** Download of a job's audio or captions, with a filename made from its title. */

import { request, key } from "./api.js";

const CAPTIONS = ["vtt", "srt"];
const MAX_CHARS = 100; // of a filename
const FORBIDDEN = /[\\/:*?"<>|\p{C}]+/gu; // characters that some file system forbids

export async function saveFile(job, title, format, announce) {
  const kind = CAPTIONS.includes(format) ? "captions" : "audio";
  const path = `/v1/jobs/${job}/${kind}?format=${format}`;
  const name = `${safeName(title) || `seriatim-${job.slice(0, 8)}`}.${format}`;
  if (!key.get()) return clickLink(path, name); // the browser streams it to disk
  announce("Downloading the file.");
  const url = URL.createObjectURL(await (await request(path)).blob()); // a link cannot send a key
  clickLink(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const safeName = (title) => title.slice(0, MAX_CHARS).replace(FORBIDDEN, " ").replace(/\s+/g, " ").replace(/^[\s.…]+|[\s.…]+$/g, "");

function clickLink(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
