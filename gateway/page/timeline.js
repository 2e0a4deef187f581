/** The picture of who spoke what when, drawn anew while it is looked at and the job runs. */

import { ask } from "./api.js";
import { pause } from "./times.js";

const EVERY_MS = 2000;
const fold = document.getElementById("timeline-fold");
const place = document.getElementById("timeline");

export class Timeline {
  constructor(job, signal) {
    Object.assign(this, { job, signal });
  }

  watch() {
    place.replaceChildren();
    fold.addEventListener("toggle", () => this.#run(), { signal: this.signal });
    this.#run();
  }

  async #run() {
    while (fold.open && !this.signal.aborted) {
      try {
        const { signal } = this;
        const answer = await ask(`/v1/jobs/${this.job}/timeline`, { signal });
        this.#draw(await answer.text());
        if (answer.headers.get("x-over")) return; // it will not change any more
      } catch (error) {
        if (this.signal.aborted) return;
        place.replaceChildren(words(error.message));
      }
      await pause(EVERY_MS, this.signal);
    }
  }

  /** Its shapes without its style sheet: the page has the same names, and its policy allows no other styles. */
  #draw(svg) {
    const plain = svg.replace(/<style>.*?<\/style>/s, "");
    const picture = new DOMParser().parseFromString(plain, "image/svg+xml").documentElement;
    picture.classList.add("timeline");
    const { scrollLeft } = place;
    place.replaceChildren(document.adoptNode(picture));
    place.scrollLeft = scrollLeft;
  }
}

function words(message) {
  const paragraph = document.createElement("p");
  paragraph.className = "hint";
  paragraph.textContent = message;
  return paragraph;
}
