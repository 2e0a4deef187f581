/** The event queue: events that arrive by callback, read by one `for await`. */

export class EventQueue {
  #events = [];
  #wake = null;
  #closed = false;
  #error = null;

  push(event) {
    this.#events.push(event);
    this.#wake?.();
  }

  /** Ends the iteration behind the events that are queued; with an error, it throws that. */
  close(error = null) {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Removes queued events for which `keeps` is false. */
  filter(keeps) {
    this.#events = this.#events.filter(keeps);
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      while (this.#events.length) yield this.#events.shift();
      if (this.#error) throw this.#error;
      if (this.#closed) return;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }
}
