/**
 * Speaks an answer sentence by sentence, while it is written, with Vercel's AI SDK: the SDK unchanged, with another base URL.
 *
 *     npm install ai @ai-sdk/openai zod
 *     node ai_sdk.mjs http://127.0.0.1:8000/v1 answer.pcm
 *
 * No model is asked here: a program has `streamText({ model, prompt }).textStream` in the place of `answer`. The sound is
 * signed 16-bit little-endian mono at 24 kHz.
 */
import { open } from "node:fs/promises";
import { createOpenAI } from "@ai-sdk/openai";
import { experimental_generateSpeech as generateSpeech } from "ai";

const ANSWER = "The next ferry leaves the harbour at seven. The one after that leaves at noon. Please be there in time.";

/** The answer word by word, as a language model writes it. */
async function* answer() {
  for (const word of ANSWER.split(" ")) yield `${word} `;
}

/** The sentences of a text, each as soon as the next one begins. */
async function* sentences(pieces) {
  const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
  let text = "";
  for await (const piece of pieces) {
    const found = [...segmenter.segment((text += piece))].map(({ segment }) => segment);
    text = found.pop() ?? "";
    yield* found;
  }
  if (text.trim()) yield text;
}

async function main(baseURL, output) {
  // sentences of one session may be asked for at once, and none is refused once its answer has begun
  const headers = { "seriatim-session": `call-${crypto.randomUUID()}` };
  const model = createOpenAI({ baseURL, apiKey: "none", headers }).speech("gpt-4o-mini-tts");
  const speak = (text) => generateSpeech({ model, text: text.trim(), outputFormat: "pcm" });
  const spoken = [];
  for await (const sentence of sentences(answer())) spoken.push(speak(sentence));
  const file = await open(output, "w");
  for (const { audio } of await Promise.all(spoken)) await file.write(audio.uint8Array);
  await file.close();
}

await main(...process.argv.slice(2));
