/**
 * The element `<seriatim-player>`: reads a part of a page aloud, and marks the sentence that sounds.
 *
 * Importing this module defines the element. It reads its own content, or the element whose id `for` names. The text
 * stays as it is in the document: sentences are marked with the CSS highlight `seriatim-sentence`, where the browser has
 * highlights.
 */

import { Seriatim } from "./client.js";
import { PageText } from "./page-text.js";
import { SpeechPlayer } from "./speech-player.js";

const HIGHLIGHT = "seriatim-sentence";
const OPTIONS = ["voice", "model", "language"]; // attributes that are options of a speech
const CONTROLS = `
  <div part="controls">
    <button part="play" type="button"></button>
    <button part="stop" type="button" hidden>Stop</button>
    <span part="status" role="status"></span>
  </div>
  <slot></slot>`;
const STYLE = `
  :host { display: block; }
  :host([hidden]) { display: none; }
  [part=controls] { display: flex; align-items: center; gap: 0.5em; margin-block: 0.5em; }
  button { font: inherit; padding: 0.4em 0.9em; cursor: pointer; }`;

let active = null; // the player that sounds: one at a time in a document

export class SeriatimPlayerElement extends HTMLElement {
  #player = new SpeechPlayer();
  #client = null;
  #text = null;
  #state = "idle"; // or starting, playing, paused
  #run = 0; // counts the speeches, so that the end of one does not end the next

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = CONTROLS;
    root.adoptedStyleSheets = [styleSheet(STYLE)];
    this.#part("play").addEventListener("click", () => this.#toggle());
    this.#part("stop").addEventListener("click", () => this.stop());
    this.#player.addEventListener("sentence", ({ detail }) => this.#mark(detail));
    this.#show("idle");
  }

  /** "idle", "starting", "playing" or "paused". */
  get state() {
    return this.#state;
  }

  /** The client; set it to use one that has a key, or that other players share. */
  get client() {
    this.#client ??= new Seriatim(this.getAttribute("src") || new URL("..", import.meta.url).href);
    return this.#client;
  }

  set client(client) {
    this.#client = client;
  }

  disconnectedCallback() {
    this.stop();
  }

  /** Reads from the beginning, or goes on after a pause. Resolves when the end was played or playback was stopped. */
  async play() {
    if (this.#state === "paused") return this.#resume();
    if (this.#state !== "idle") return;
    const before = active;
    active = this; // before anything is awaited: another player may be asked to play meanwhile
    const run = ++this.#run;
    this.#show("starting");
    if (before !== this) await before?.stop();
    if (run !== this.#run) return;
    try {
      this.#text = new PageText(this.#source());
      const whole = await this.#player.play(this.client.speak(this.#text.value, this.#options()));
      if (run === this.#run) this.#finish(whole ? "end" : "stop");
    } catch (error) {
      if (run === this.#run) this.#finish("error", error);
    }
  }

  pause() {
    if (this.#state !== "playing") return;
    this.#player.pause();
    this.#show("paused");
    this.#tell("pause");
  }

  /** Stops at once; the gateway speaks no more of the text. */
  async stop() {
    if (this.#state === "idle") return;
    this.#run += 1;
    this.#finish("stop");
    await this.#player.stop();
    await this.#player.resume(); // a pause is over with the speech
  }

  #toggle() {
    if (this.#state === "playing") this.pause();
    else this.play();
  }

  #resume() {
    this.#player.resume();
    this.#show("playing");
    this.#tell("play");
  }

  #source() {
    const id = this.getAttribute("for");
    const source = id ? this.ownerDocument.getElementById(id) : this;
    if (!source) throw new Error(`no element has the id ${id}; expected that of the text, in the attribute "for"`);
    return source;
  }

  #options() {
    const options = { markup: "plain" };
    for (const name of OPTIONS) if (this.hasAttribute(name)) options[name] = this.getAttribute(name);
    if (this.hasAttribute("speed")) options.speed = Number(this.getAttribute("speed"));
    return options;
  }

  #mark(sentence) {
    if (this.#state === "starting") {
      this.#show("playing");
      this.#tell("play");
    }
    const range = this.#text.find(sentence.text);
    highlight(range);
    if (range && this.hasAttribute("follow")) follow(range);
    this.#tell("sentence", { ...sentence, range });
  }

  #finish(name, error = null) {
    highlight(null);
    if (active === this) active = null;
    this.#show("idle");
    this.#part("status").textContent = error?.message ?? "";
    this.#tell(name, error);
  }

  #show(state) {
    this.#state = state;
    const isActive = state === "playing" || state === "starting";
    const play = this.#part("play");
    play.textContent = isActive ? "Pause" : state === "paused" ? "Continue" : "Listen";
    play.disabled = state === "starting";
    this.#part("stop").hidden = state === "idle";
    this.#part("status").textContent = "";
  }

  #part(name) {
    return this.shadowRoot.querySelector(`[part=${name}]`);
  }

  #tell(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Marks a range of the document, or nothing. A page may style `::highlight(seriatim-sentence)` its own way. */
function highlight(range) {
  if (!globalThis.CSS?.highlights) return;
  if (range) CSS.highlights.set(HIGHLIGHT, new Highlight(range));
  else CSS.highlights.delete(HIGHLIGHT);
}

function follow(range) {
  const { top, bottom } = range.getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  range.startContainer.parentElement.scrollIntoView({ block: "center", behavior });
}

function styleSheet(rules) {
  const sheet = new CSSStyleSheet(); // unlike a style element, this needs no exception in a page's security policy
  sheet.replaceSync(rules);
  return sheet;
}

document.adoptedStyleSheets.unshift(styleSheet(`::highlight(${HIGHLIGHT}) { background-color: #ffe08a; color: #000; }`));
customElements.define("seriatim-player", SeriatimPlayerElement);
