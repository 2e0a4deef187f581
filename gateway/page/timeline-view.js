/** The view of a job's timeline, refreshed while the job runs. */

import { request } from "./api.js";
import { pause } from "./durations.js";

const POLL_MS = 2000;
const container = document.getElementById("timeline");

export class TimelineView {
  constructor(job, signal) {
    Object.assign(this, { job, signal });
  }

  watch() {
    container.replaceChildren();
    this.#run();
  }

  async #run() {
    while (!this.signal.aborted) {
      try {
        const { signal } = this;
        const response = await request(`/v1/jobs/${this.job}/timeline`, { signal });
        this.#draw(await response.text());
        if (response.headers.get("x-over")) return; // it is final
      } catch (error) {
        if (this.signal.aborted) return;
        container.replaceChildren(hintParagraph(error.message));
      }
      await pause(POLL_MS, this.signal);
    }
  }

  /** Shows the SVG without its style sheet: the page defines the same classes, and its policy forbids inline styles. */
  #draw(svg) {
    const plain = svg.replace(/<style>.*?<\/style>/s, "");
    const picture = new DOMParser().parseFromString(plain, "image/svg+xml").documentElement;
    picture.classList.add("timeline");
    const { scrollLeft } = container;
    container.replaceChildren(document.adoptNode(picture));
    container.scrollLeft = scrollLeft;
  }
}

function hintParagraph(message) {
  const paragraph = document.createElement("p");
  paragraph.className = "hint";
  paragraph.textContent = message;
  return paragraph;
}
