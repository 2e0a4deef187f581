/** The client of one gateway: opens speeches, and keeps idle connections for the next ones. */

import { Connection } from "./connection.js";
import { ConnectionLost, RequestError } from "./errors.js";
import { Speech } from "./speech.js";

const MAX_IDLE = 4; // connections that are kept

export class Seriatim {
  #idle = [];
  #closed = false;

  constructor(baseUrl = globalThis.location?.origin ?? "http://127.0.0.1:8000", { key = "", WebSocket } = {}) {
    this.baseUrl = String(baseUrl).replace(/\/+$/, "");
    Object.assign(this, { key, WebSocket });
  }

  /** Opens a connection ahead of the first speech. */
  async connect() {
    this._release(await this._acquire());
  }

  /**
   * Opens a speech. `text` is a string, an iterable or async iterable of pieces, or nothing: then `write` and `end` give
   * the text. Options are the fields of `start` (docs/reference/http.md): voice, model, language, speed, format, ...
   */
  speak(text = null, options = {}) {
    const speech = new Speech(this, options);
    if (text !== null) speech._pipe(text);
    return speech;
  }

  /** The voices that the gateway lists. */
  async voices() {
    return (await (await this.#get("/v1/voices")).json()).data;
  }

  /** The captions of a recorded job so far: vtt and srt as text, json as an object. */
  async captions(job, format = "vtt") {
    const answer = await this.#get(`/v1/jobs/${encodeURIComponent(job)}/captions?format=${format}`);
    return format === "json" ? answer.json() : answer.text();
  }

  /** Closes idle connections; a speech that still runs closes its own. */
  close() {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  /** An open connection: an idle one, unless `fresh`, or a new one. Rejects with ConnectionLost. */
  async _acquire({ fresh = false } = {}) {
    while (!fresh && this.#idle.length) {
      const connection = this.#idle.pop();
      if (connection.isOpen) return connection;
    }
    return Connection.open(`${this.baseUrl.replace(/^http/, "ws")}/v1/stream`, this.WebSocket);
  }

  /** Keeps a connection for the next speech. */
  _release(connection) {
    connection.onEvent = connection.onClose = null;
    connection.reused = true;
    if (!this.#closed && this.#idle.length < MAX_IDLE && connection.isOpen) this.#idle.push(connection);
    else connection.close();
  }

  async #get(path) {
    const headers = this.key ? { authorization: `Bearer ${this.key}` } : {};
    const answer = await fetch(this.baseUrl + path, { headers }).catch((error) => {
      throw new ConnectionLost(`${this.baseUrl} does not answer: ${error.message}`);
    });
    if (answer.ok) return answer;
    const retryAfterMs = Number(answer.headers.get("retry-after-ms")) || null;
    throw new RequestError(await answer.json().catch(() => null), { status: answer.status, retryAfterMs });
  }
}
