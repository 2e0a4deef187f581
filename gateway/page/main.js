/** The page: what is on it, put together. The job that is open stands in the address, so a reload opens it again. */

import { compose, count } from "./compose.js";
import { listJobs, lookAgain } from "./jobs.js";
import { openDoor } from "./keydoor.js";
import { Listening } from "./listening.js";
import { showPools } from "./pools.js";
import { Reader } from "./reader.js";
import { offer } from "./voices.js";

const JOB = /^[0-9a-f]{32}$/;
const STEP_S = 5; // of an arrow key

const $ = (id) => document.getElementById(id);
const reader = new Reader($("reading"), (seq) => listening?.seek(listening.course.sentence(seq).at));
let listening = null;

const SHOWN_MS = 8000;
let hiding = 0;

/** Tells a screen reader what the page shows elsewhere. */
function say(words, shown = false) {
  $("news").textContent = words;
  $("news").className = shown ? "toast" : "unseen";
}

/** Tells everybody, for a while. */
function warn(words) {
  say(words, true);
  clearTimeout(hiding);
  hiding = setTimeout(() => ($("news").className = "unseen"), SHOWN_MS);
}

function open(job, { text = "", play = false } = {}) {
  listening?.close();
  listening = new Listening(job, reader, say);
  const opened = new URL(location);
  opened.searchParams.set("job", job);
  history.replaceState(null, "", opened);
  listening.open(text, play).catch((error) => warn(error.message));
  lookAgain();
}

function wirePlayer() {
  $("play").addEventListener("click", () => (listening.sound.paused ? listening.play() : listening.sound.pause()));
  $("back").addEventListener("click", () => listening.step(-1));
  $("on").addEventListener("click", () => listening.step(1));
  $("seek").addEventListener("input", ({ target }) => listening.seek(Number(target.value)));
  $("seek").addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S }[event.key];
    if (!by) return;
    event.preventDefault();
    listening.seek(listening.sound.time + by);
  });
  $("cancel").addEventListener("click", () => listening.cancel().then(lookAgain, (error) => warn(error.message)));
  $("download").addEventListener("click", () => listening.download().catch((error) => warn(error.message)));
  const { mediaSession } = navigator; // keys of headsets and of locked phones
  const keys = {
    play: () => listening.play(), pause: () => listening.sound.pause(),
    previoustrack: () => listening.step(-1), nexttrack: () => listening.step(1),
    seekbackward: () => listening.seek(listening.sound.time - STEP_S),
    seekforward: () => listening.seek(listening.sound.time + STEP_S),
  };
  for (const [name, act] of Object.entries(keys)) mediaSession?.setActionHandler(name, act);
}

openDoor();
wirePlayer();
compose({
  say,
  warn,
  onPress: () => say("Sent."),
  onJob: (card, text) => {
    say("Speaking.");
    open(card.id, { text, play: true });
    $("listening").scrollIntoView({ block: "nearest" });
  },
});
count();
const job = new URL(location).searchParams.get("job") ?? "";
if (JOB.test(job)) open(job);
listJobs({ onOpen: (id) => { open(id, { play: true }); $("listening").scrollIntoView(); }, isOpen: (id) => listening?.job === id, say: warn });
showPools({ onChange: () => offer().catch((error) => warn(error.message)), say });
