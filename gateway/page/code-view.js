/** Code that does what was just done on the page: the same speech by curl, in Python and in JavaScript. */

import { key } from "./api.js";

const MAX_CHARS = 1000; // of a text that is shown
const KEY_NAME = "SERIATIM_KEY"; // environment variable in place of the key, which is never shown

const $ = (id) => document.getElementById(id);
let body = null; // of the last job: input and options

export function setUpCode(showNotice) {
  $("code-language").addEventListener("change", draw);
  $("copy-code").hidden = !navigator.clipboard; // browsers have it for https and this machine only
  $("copy-code").addEventListener("click", async () => {
    await navigator.clipboard.writeText($("code").textContent);
    showNotice("The code is in the clipboard.");
  });
}

/** Shows code for a job with this body; null for a job that has none, such as a document. */
export function showCode(jobBody) {
  body = jobBody;
  $("code-fold").hidden = !body;
  if (body) draw();
}

function draw() {
  const { input, kind, ...options } = body; // speech is live
  const shown = input.length > MAX_CHARS ? `${input.slice(0, MAX_CHARS)}…` : input;
  const json = JSON.stringify({ input: shown, ...options }, null, 2);
  const url = new URL("v1/audio/speech", document.baseURI).href;
  $("code").textContent = WRITERS[$("code-language").value](url, json, key.get() !== "");
}

const WRITERS = {
  curl: (url, json, hasKey) => [
    `curl ${quoted(url)} \\`,
    ...(hasKey ? [`  -H "authorization: Bearer $${KEY_NAME}" \\`] : []),
    "  -H 'content-type: application/json' \\",
    `  -d ${quoted(json)} \\`,
    "  -o speech.mp3",
  ].join("\n"),
  Python: (url, json, hasKey) => [
    "import json, os, shutil, urllib.request",
    "",
    `body = ${json}`,
    `headers = {"content-type": "application/json"${hasKey ? `, "authorization": f"Bearer {os.environ['${KEY_NAME}']}"` : ""}}`,
    `request = urllib.request.Request(${JSON.stringify(url)}, json.dumps(body).encode(), headers)`,
    'with urllib.request.urlopen(request) as response, open("speech.mp3", "wb") as file:',
    "    shutil.copyfileobj(response, file)",
  ].join("\n"),
  JavaScript: (url, json, hasKey) => [
    'import { writeFile } from "node:fs/promises";',
    "",
    `const body = ${json};`,
    `const headers = { "content-type": "application/json"${hasKey ? `, authorization: \`Bearer \${process.env.${KEY_NAME}}\`` : ""} };`,
    `const response = await fetch(${JSON.stringify(url)}, { method: "POST", headers, body: JSON.stringify(body) });`,
    "if (!response.ok) throw new Error(await response.text());",
    'await writeFile("speech.mp3", response.body);',
  ].join("\n"),
};

/** A text as one word of a shell. */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
