/** The client, against a real gateway at SERIATIM_URL; one that needs a key is at SERIATIM_KEYED_URL. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, test } from "node:test";

import { captionsToVtt, ConnectionLost, JobError, RequestError, Seriatim } from "../src/index.js";
import { NodeWebSocket } from "../src/node-websocket.js";

const { SERIATIM_URL: URL_, SERIATIM_KEYED_URL: KEYED_URL, SERIATIM_KEY: KEY } = process.env;
const SENTENCES = Array.from({ length: 12 }, (_, i) => `Fox ${"abcdefghijkl"[i]} sings of green hills.`);
const TEXT = SENTENCES.join(" ");
const clients = [];

function clientOf(url = URL_, options = {}) {
  clients.push(new Seriatim(url, options));
  return clients.at(-1);
}

after(() => clients.forEach((client) => client.close()));

/** What the gateway answers to the whole text over HTTP, as bytes. */
async function expectedAudio(text = TEXT) {
  const body = JSON.stringify({ input: text, response_format: "pcm" });
  const answer = await fetch(`${URL_}/v1/audio/speech`, { method: "POST", body, headers: { "content-type": "application/json" } });
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}

async function collect(speech) {
  const events = [];
  for await (const event of speech) events.push(event);
  return events;
}

function audioOf(events) {
  return Buffer.concat(events.filter(({ type }) => type === "audio").map(({ audio }) => audio));
}

async function* tokens(text, n = 7) {
  for (let i = 0; i < text.length; i += n) yield text.slice(i, i + n);
}

/** A proxy that breaks each connection behind so many bytes of answer; the last number is that of all that follow. */
async function breakingProxy(...limits) {
  const target = new URL(URL_);
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let left = limits.length > 1 ? limits.shift() : limits[0];
    server.connections_ += 1;
    client.pipe(upstream);
    upstream.on("data", (bytes) => {
      client.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) client.destroy(), upstream.destroy();
    });
    for (const socket of [client, upstream]) socket.on("error", () => {});
    upstream.on("close", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  server.connections_ = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close());
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

for (const [name, options] of [["of the platform", {}], ["of this package", { WebSocket: NodeWebSocket }]]) {
  test(`text in pieces comes back as ordered audio and sentences, by the WebSocket ${name}`, async () => {
    const client = clientOf(URL_, options);
    const speech = client.speak(tokens(TEXT));
    const events = await collect(speech);
    assert.deepEqual(audioOf(events), await expectedAudio());
    assert.deepEqual(events.filter(({ type }) => type === "sentence").map(({ seq }) => seq), [...SENTENCES.keys()]);
    assert.deepEqual(events.at(-1), { type: "end", state: "done", reason: "", sentences: SENTENCES.length });
    const { job, rateHz, warning } = await speech.started;
    assert.deepEqual([job, rateHz, warning], [speech.job, 8000, ""]);
    assert.equal(speech.durationMs, speech.sentences.at(-1).endMs);
  });
}

test("sentences have the times of their audio, as captions", async () => {
  const speech = clientOf().speak(TEXT);
  await collect(speech);
  const { sentences } = speech;
  assert.equal(sentences[0].startMs, 0);
  for (const [i, { startMs }] of sentences.slice(1).entries()) assert.equal(startMs, sentences[i].endMs);
  const vtt = captionsToVtt(sentences);
  assert.match(vtt, /^WEBVTT\n\n00:00:00\.000 --> 00:00:0\d\.\d{3}\nFox a sings of green hills\.\n\n/);
  assert.equal(vtt.split(" --> ").length - 1, SENTENCES.length);
});

test("words have the times of their sentence, in captions, too", async () => {
  const speech = clientOf().speak(TEXT, { words: true });
  const events = (await collect(speech)).filter(({ type }) => type === "sentence");
  assert.equal(events.length, SENTENCES.length);
  for (const [i, { text, words, wordsFrom }] of events.entries()) {
    assert.equal(words.map((word) => word.text).join(" "), text.replace(".", ""));
    assert.ok(["engine", "estimate"].includes(wordsFrom));
    const marks = words.flatMap(({ startMs, endMs }) => [startMs, endMs]);
    assert.deepEqual(marks, marks.toSorted((a, b) => a - b));
    assert.deepEqual(speech.sentences[i].words, words);
  }
  const [first] = events;
  const vtt = captionsToVtt([{ ...first, endMs: 60_000 }], { words: true });
  const times = [...vtt.matchAll(/<00:00:(\d\d\.\d{3})>/g)].map(([, seconds]) => Math.round(Number(seconds) * 1000));
  assert.deepEqual(times, first.words.map(({ startMs }) => startMs).filter((ms) => ms > 0));
  assert.equal(vtt.split("\n")[3].replaceAll(/<[^>]*>/g, ""), first.text);
  assert.equal((await collect(clientOf().speak("Good morning."))).find(({ type }) => type === "sentence").words, undefined);
});

test("times of captions stand before words, and not within them", () => {
  const words = ["This", "is", "his"].map((text, i) => ({ text, startMs: 300 * i, endMs: 300 * (i + 1) }));
  const vtt = captionsToVtt([{ text: "This is, his.", startMs: 0, endMs: 900, words }], { words: true });
  assert.match(vtt, /\nThis <00:00:00.300>is, <00:00:00.600>his\.\n/);
});

test("a connection that breaks is resumed at the byte where it broke", async () => {
  const expected = await expectedAudio();
  const { server, url } = await breakingProxy(3_000, 20_001, 60_000, Infinity);
  const speech = clientOf(url).speak();
  for await (const piece of tokens(TEXT)) speech.write(piece);
  speech.end();
  const events = await collect(speech);
  assert.deepEqual(audioOf(events), expected);
  assert.deepEqual(events.filter(({ type }) => type === "sentence").map(({ seq }) => seq), [...SENTENCES.keys()]);
  assert.equal(server.connections_, 4);
});

test("cancel ends the job, no audio follows, and the connection serves the next speech", async () => {
  const { server, url } = await breakingProxy(Infinity);
  const client = clientOf(url);
  const speech = client.speak(null, { window_ms: 2000 });
  speech.write(Array(20).fill(TEXT).join(" ")).end();
  const kinds = [];
  for await (const { type } of speech) {
    if (kinds.includes("cancel")) assert.notEqual(type, "audio");
    kinds.push(type);
    if (type === "audio" && !kinds.includes("cancel")) {
      kinds.push("cancel");
      await speech.cancel();
    }
  }
  assert.equal(kinds.at(-1), "end");
  const card = await (await fetch(`${URL_}/v1/jobs/${speech.job}`)).json();
  assert.equal(card.state, "cancelled");
  assert.deepEqual(audioOf(await collect(client.speak(TEXT))), await expectedAudio());
  assert.equal(server.connections_, 1);
});

test("what is played is reported of the speech it belongs to, also behind its end", async () => {
  const sent = [];
  class RecordingWebSocket extends NodeWebSocket {
    send(text) {
      sent.push(JSON.parse(text));
      super.send(text);
    }
  }
  const client = clientOf(URL_, { WebSocket: RecordingWebSocket });
  const speech = client.speak(TEXT);
  await collect(speech);
  speech.reportPlayed(500);
  await speech.cancel();
  const { job } = speech;
  assert.deepEqual(sent.slice(-2), [{ type: "heard", ms: 500, job }, { type: "cancel", job }]);
  const next = client.speak(TEXT);
  await next.started;
  speech.reportPlayed(700);
  assert.deepEqual(audioOf(await collect(next)), await expectedAudio());
  assert.deepEqual(sent.filter(({ type }) => type === "heard").map((message) => message.job), [job, job]);
  assert.equal(sent.filter(({ type }) => type === "start").length, 2);
});

test("an idle connection that broke is replaced", async () => {
  const { server, url } = await breakingProxy(Infinity);
  const client = clientOf(url);
  await client.connect();
  await collect(client.speak("Good morning."));
  assert.equal(server.connections_, 1);
  const idle = client.speak("Good morning.");
  await collect(idle);
  assert.equal(server.connections_, 1);
});

test("an iterable that fails cancels the job, and the iteration throws its error", async () => {
  async function* failing() {
    yield TEXT;
    throw new RangeError("the model is gone");
  }
  const speech = clientOf().speak(failing(), { window_ms: 2000 });
  await assert.rejects(collect(speech), RangeError);
});

test("errors have types and codes", async () => {
  const unknownVoice = clientOf().speak("Hello.", { voice: "nelly" });
  await assert.rejects(collect(unknownVoice), (error) => {
    assert.ok(error instanceof RequestError);
    assert.deepEqual([error.code, error.retryable], ["unknown_voice", false]);
    return true;
  });
  await assert.rejects(unknownVoice.started, RequestError);
  await assert.rejects(collect(clientOf("http://127.0.0.1:9").speak("Hello.")), (error) => {
    return error instanceof ConnectionLost && error.retryable;
  });
  const speech = clientOf().speak(null);
  speech.write("Hello there.").flush();
  const { job } = await speech.started;
  await fetch(`${URL_}/v1/jobs/${job}`, { method: "DELETE" });
  await assert.rejects(collect(speech), (error) => error instanceof JobError && error.state === "cancelled");
  await assert.rejects(clientOf().captions("abc"), (error) => error instanceof RequestError && error.status === 404);
  assert.throws(() => clientOf().speak("Hello.").end().write("more"), { code: "text_ended" });
});

test("a key is sent where one is needed", async () => {
  await assert.rejects(collect(clientOf(KEYED_URL).speak("Hello.")), { code: "invalid_api_key" });
  await assert.rejects(clientOf(KEYED_URL).voices(), { code: "invalid_api_key", status: 401 });
  const client = clientOf(KEYED_URL, { key: KEY });
  assert.ok((await client.voices()).length > 0);
  assert.deepEqual(audioOf(await collect(client.speak(TEXT))), await expectedAudio());
});
