/** The page's main module. The open job is in the URL, so that a reload opens it again. */

import { setUpForm, countWords } from "./speak-form.js";
import { listJobs, refreshJobs } from "./job-list.js";
import { setUpCode, showCode } from "./code-view.js";
import { setUpKeyDialog } from "./key-dialog.js";
import { announce, showNotice } from "./notices.js";
import { PlayerSession } from "./player-session.js";
import { watchPools } from "./pool-watch.js";
import { TextView } from "./text-view.js";
import { setUpSamples } from "./voices/sample-player.js";
import { loadVoices, setUpVoiceButtons } from "./voices/voice-fields.js";

const JOB = /^[0-9a-f]{32}(x[a-z0-9]{1,16})?$/;
const STEP_S = 5; // of an arrow key
const RATE = "seriatim.rate";

const $ = (id) => document.getElementById(id);
const textView = new TextView($("reading"), (seq) => session?.seek(session.progress.sentence(seq).at));
let session = null;

function openJob(job, { text = "", play = false } = {}) {
  session?.close();
  session = new PlayerSession(job, textView, announce);
  const opened = new URL(location);
  opened.searchParams.set("job", job);
  history.replaceState(null, "", opened);
  session.open(text, play).catch((error) => showNotice(error.message));
  refreshJobs();
}

function wirePlayer() {
  $("play").addEventListener("click", () => (session.player.paused ? session.play() : session.player.pause()));
  $("back").addEventListener("click", () => session.step(-1));
  $("on").addEventListener("click", () => session.step(1));
  $("repeat").addEventListener("click", () => session.toggleRepeat());
  $("rate").value = localStorage.getItem(RATE) ?? "1";
  $("rate").addEventListener("change", ({ target }) => {
    localStorage.setItem(RATE, target.value);
    session.player.rate = Number(target.value);
  });
  $("seek").addEventListener("input", ({ target }) => session.seek(Number(target.value)));
  $("seek").addEventListener("keydown", (event) => {
    const offset = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S }[event.key];
    if (!offset) return;
    event.preventDefault();
    session.seek(session.player.time + offset);
  });
  $("cancel").addEventListener("click", () => session.cancel().then(refreshJobs, (error) => showNotice(error.message)));
  $("download").addEventListener("click", () => session.download().catch((error) => showNotice(error.message)));
  $("save-sentence").addEventListener("click", () => session.downloadSentence().catch((error) => showNotice(error.message)));
  const { mediaSession } = navigator; // media keys of headsets and lock screens
  const keys = {
    play: () => session.play(), pause: () => session.player.pause(),
    previoustrack: () => session.step(-1), nexttrack: () => session.step(1),
    seekbackward: () => session.seek(session.player.time - STEP_S),
    seekforward: () => session.seek(session.player.time + STEP_S),
  };
  for (const [name, act] of Object.entries(keys)) mediaSession?.setActionHandler(name, act);
}

setUpKeyDialog();
setUpCode(showNotice);
wirePlayer();
setUpSamples({ onStart: () => session?.player.pause(), onError: showNotice });
setUpVoiceButtons({ onError: showNotice });
setUpForm({
  announce,
  showNotice,
  onPress: () => announce("Sent."),
  onJob: (card, text, body) => {
    showCode(body);
    announce("Speaking.");
    openJob(card.id, { text, play: true });
    $("listening").scrollIntoView({ block: "nearest" });
  },
});
countWords();
const job = new URL(location).searchParams.get("job") ?? "";
if (JOB.test(job)) openJob(job);
listJobs({ onOpen: (id) => { openJob(id, { play: true }); $("listening").scrollIntoView(); }, isOpen: (id) => session?.job === id, announce: showNotice });
let readyPools = null;
watchPools({
  onPools: (pools) => {
    const ready = pools.filter((pool) => pool.slots).map((pool) => pool.id).join(" ");
    if (ready !== readyPools) loadVoices().catch((error) => showNotice(error.message));
    readyPools = ready;
  },
  announce,
});
