/** Asks for the API key, once for all requests that want it. */

import { key, onKeyWanted } from "./api.js";

const door = document.getElementById("key-door");
const field = document.getElementById("key");
const words = document.getElementById("key-words");
const forget = document.getElementById("forget-key");
let asking = null;
let declined = false; // then nobody is asked again before the page is opened anew

export function openDoor() {
  show();
  forget.addEventListener("click", () => {
    key.forget();
    location.reload();
  });
  onKeyWanted((known) => (declined ? false : (asking ??= asked(known).finally(() => (asking = null)))));
}

function show() {
  forget.hidden = !key.get() && !declined;
  forget.textContent = declined ? "Give a key" : "Forget the key";
}

async function asked(known) {
  if (known) words.textContent = "The gateway does not know this key. Perhaps it was replaced?";
  field.value = "";
  door.returnValue = "";
  door.showModal();
  await new Promise((done) => door.addEventListener("close", done, { once: true }));
  const given = door.returnValue === "given" && field.value.trim();
  declined = !given;
  if (given) key.set(given);
  show();
  return !declined;
}
