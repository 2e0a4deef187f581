/** The dialog that asks for the API key, once for all requests that need it. */

import { key, onKeyRequired } from "./api.js";
import { addDialog } from "./dialog.js";

const dialog = addDialog(`
  <dialog id="key-dialog" aria-labelledby="key-title">
    <form method="dialog">
      <h2 id="key-title">API key required</h2>
      <p id="key-message">This gateway requires an API key.</p>
      <p><label for="key">API key</label><input type="password" id="key" autocomplete="off" spellcheck="false" required></p>
      <p class="hint">It is stored in this tab only, until the tab is closed.</p>
      <p class="press"><button type="submit" class="primary" value="entered">Continue</button>
        <button type="submit" value="" formnovalidate class="quiet">Not now</button></p>
    </form>
  </dialog>`);
const field = document.getElementById("key");
const message = document.getElementById("key-message");
const forgetButton = document.getElementById("forget-key");
let pendingRequest = null;
let declined = false; // do not ask again until the page is reloaded

export function setUpKeyDialog() {
  updateButton();
  forgetButton.addEventListener("click", () => {
    key.forget();
    location.reload();
  });
  onKeyRequired((wasRejected) => (declined ? false : (pendingRequest ??= askForKey(wasRejected).finally(() => (pendingRequest = null)))));
}

function updateButton() {
  forgetButton.hidden = !key.get() && !declined;
  forgetButton.textContent = declined ? "Enter a key" : "Forget the key";
}

async function askForKey(wasRejected) {
  if (wasRejected) message.textContent = "The gateway does not accept this key. Perhaps it was replaced.";
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  const enteredKey = dialog.returnValue === "entered" && field.value.trim();
  declined = !enteredKey;
  if (enteredKey) key.set(enteredKey);
  updateButton();
  return !declined;
}
