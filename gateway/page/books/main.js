/** The main module of the tab of books. The open book and its chapter are in the URL, so that a reload opens them again. */

import { setUpKeyDialog } from "../key-dialog.js";
import { announce, showNotice } from "../notices.js";
import { watchPools } from "../pool-watch.js";
import { setUpSamples } from "../voices/sample-player.js";
import { loadVoices, setUpVoiceButtons } from "../voices/voice-fields.js";
import { setUpBookForm } from "./book-form.js";
import { listBooks, refreshBooks } from "./book-list.js";
import { BookView } from "./book-view.js";
import { ChapterView } from "./chapter-view.js";
import { DoubtList } from "./doubt-list.js";

const BOOK = /^[0-9a-f]{32}$/;

const $ = (id) => document.getElementById(id);
let view = null;
let chapter = null;
let doubts = null;
let shownState = "";
let shownCard = null;

function openBook(id, number = 0) {
  view?.close();
  doubts?.close();
  closeChapter();
  doubts = new DoubtList(id, { onSentence: openChapter, showNotice });
  view = new BookView(id, { onChapter: openChapter, onCard: showNews, announce, showNotice });
  shownState = "";
  shownCard = null;
  showInUrl("book", id);
  view.watch().catch((error) => showNotice(error.message));
  if (number) openChapter(number);
  refreshBooks();
}

/** Opens a chapter, and a sentence of it if there is an address. */
function openChapter(number, address = "") {
  closeChapter();
  chapter = new ChapterView(view.id, number, { onCorrected: () => view.refresh(), announce, showNotice });
  showInUrl("chapter", number);
  const opened = chapter;
  opened.load().then(() => {
    view.markChapter(number);
    showNarrator();
    $("chapter").scrollIntoView({ block: "nearest" });
    if (address) opened.open(address);
    else $("chapter-title").focus({ preventScroll: true });
  }, (error) => showNotice(error.message));
}

function closeChapter() {
  chapter?.close();
  chapter = null;
  showInUrl("chapter", "");
}

function showNarrator() {
  if (chapter && shownCard) chapter.voice.show(shownCard).catch(() => {}); // the next news asks again
}

/** Follows what becomes of the open book; `card` is null once it is deleted. */
function showNews(card) {
  if (!card) {
    closeChapter();
    doubts.close();
    shownState = "";
    view = null;
    showInUrl("book", "");
    refreshBooks();
    return;
  }
  view.markChapter(chapter?.number);
  shownCard = card;
  showNarrator();
  if (shownState && shownState !== card.state) doubts.refresh();
  shownState = card.state;
  if (chapter?.isWaiting) {
    chapter.load().catch(() => {}); // the next news asks again
  }
}

function showInUrl(name, value) {
  const opened = new URL(location);
  if (value) opened.searchParams.set(name, value);
  else opened.searchParams.delete(name);
  history.replaceState(null, "", opened);
}

async function deleteBook() {
  const removed = view;
  const dialog = $("delete-dialog");
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  if (dialog.returnValue !== "confirmed") return;
  await removed.remove();
  announce("The book is deleted.");
}

setUpKeyDialog();
setUpSamples({ onStart: () => $("audio").pause(), onError: showNotice });
setUpVoiceButtons({ onError: showNotice });
setUpBookForm({
  announce,
  showNotice,
  onBook: (card) => {
    openBook(card.id);
    $("book").scrollIntoView({ block: "nearest" });
  },
});
$("resume").addEventListener("click", () => view.resume().catch((error) => showNotice(error.message)));
$("delete").addEventListener("click", () => deleteBook().catch((error) => showNotice(error.message)));

const asked = new URL(location).searchParams;
if (BOOK.test(asked.get("book") ?? "")) openBook(asked.get("book"), Number(asked.get("chapter")) || 0);
listBooks({ onOpen: (id) => openBook(id), isOpen: (id) => view?.id === id });
let readyPools = null;
watchPools({
  onPools: (pools) => {
    const ready = pools.filter((pool) => pool.slots).map((pool) => pool.id).join(" ");
    if (ready !== readyPools) loadVoices().catch((error) => showNotice(error.message));
    readyPools = ready;
  },
  announce,
});
