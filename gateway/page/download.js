/** Download of a job's audio or captions, with a filename made from its title. */

import { request, key } from "./api.js";

const CAPTIONS = ["vtt", "srt"];
const MAX_CHARS = 100; // of a filename
const FORBIDDEN = /[\\/:*?"<>|\p{C}]+/gu; // characters that some file system forbids

export async function saveFile(job, title, format, announce) {
  const kind = CAPTIONS.includes(format) ? "captions" : "audio";
  const path = `/v1/jobs/${job}/${kind}?format=${format}`;
  const name = `${safeName(title) || `seriatim-${job.slice(0, 8)}`}.${format}`;
  return savePath(path, name, announce);
}

/** Saves what the API returns at a path, under a name. */
export async function savePath(path, name, announce) {
  if (!key.get()) return clickLink(new URL(path.slice(1), document.baseURI).href, name); // the browser streams it to disk
  announce("Downloading the file.");
  const url = URL.createObjectURL(await (await request(path)).blob()); // a link cannot send a key
  clickLink(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Saves one sentence of a job that is done and recorded, as a WAV file. `at` and `end`: in s of the job. */
export async function saveSentence(job, title, rateHz, { seq, at, end }) {
  const [start, stop] = [at, end].map((s) => 2 * Math.round(s * rateHz));
  const response = await request(`/v1/jobs/${job}/audio?format=pcm`, { headers: { range: `bytes=${start}-${stop - 1}` } });
  const samples = await response.arrayBuffer();
  const url = URL.createObjectURL(new Blob([wavHeader(samples.byteLength, rateHz), samples], { type: "audio/wav" }));
  clickLink(url, `${safeName(title) || `seriatim-${job.slice(0, 8)}`} ${seq + 1}.wav`);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The header of a WAV file of 16-bit samples of one channel. */
function wavHeader(nBytes, rateHz) {
  const header = new DataView(new ArrayBuffer(44));
  const write = (at, text) => [...text].forEach((char, n) => header.setUint8(at + n, char.charCodeAt(0)));
  write(0, "RIFF");
  header.setUint32(4, 36 + nBytes, true);
  write(8, "WAVEfmt ");
  [[16, 16], [24, rateHz], [28, 2 * rateHz], [40, nBytes]].forEach(([at, value]) => header.setUint32(at, value, true));
  [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(([at, value]) => header.setUint16(at, value, true));
  write(36, "data");
  return header.buffer;
}

const safeName = (title) => title.slice(0, MAX_CHARS).replace(FORBIDDEN, " ").replace(/\s+/g, " ").replace(/^[\s.…]+|[\s.…]+$/g, "");

function clickLink(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
