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
const reader = new Reader($("reading"), (seq) => listening?.seek(listening.course.sentences[seq].at));
let listening = null;

function say(words) {
  $("news").textContent = words;
}

function open(job, { text = "", play = false } = {}) {
  listening?.close();
  listening = new Listening(job, reader, say);
  const opened = new URL(location);
  opened.searchParams.set("job", job);
  history.replaceState(null, "", opened);
  listening.open(text, play).catch((error) => say(error.message));
  lookAgain();
}

function wirePlayer() {
  const audio = $("audio");
  $("play").addEventListener("click", () => (audio.paused ? listening.play() : audio.pause()));
  $("back").addEventListener("click", () => listening.step(-1));
  $("on").addEventListener("click", () => listening.step(1));
  $("seek").addEventListener("input", ({ target }) => listening.seek(Number(target.value)));
  $("seek").addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S }[event.key];
    if (!by) return;
    event.preventDefault();
    listening.seek(listening.sound.time + by);
  });
  $("cancel").addEventListener("click", () => listening.cancel().then(lookAgain, (error) => say(error.message)));
  $("download").addEventListener("click", () => listening.download().catch((error) => say(error.message)));
  const { mediaSession } = navigator; // keys of headsets and of locked phones
  const keys = {
    play: () => listening.play(), pause: () => audio.pause(),
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
listJobs({ onOpen: (id) => { open(id, { play: true }); $("listening").scrollIntoView(); }, isOpen: (id) => listening?.job === id, say });
showPools(() => offer().catch((error) => say(error.message)));
