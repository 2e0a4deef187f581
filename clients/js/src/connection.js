/**
 * A connection: one WebSocket to /v1/stream, used for one job after another. A message that announces bytes and the
 * binary message that follows it arrive as one event.
 */

import { ConnectionLost } from "./errors.js";

const OPEN = 1; // WebSocket.OPEN

/** The WebSocket class of the platform; Node 20 has none. */
async function platformWebSocket() {
  return globalThis.WebSocket ?? (await import("./node-websocket.js")).NodeWebSocket;
}

export class Connection {
  #socket;
  #announced = null; // a message whose bytes have not arrived
  /** Called with each event; events without a handler are dropped. */
  onEvent = null;
  /** Called with a ConnectionLost when the connection is closed. */
  onClose = null;
  /** Whether an earlier job used it. */
  reused = false;

  /** Opens a connection. Rejects with ConnectionLost. */
  static async open(url, WebSocketClass) {
    const connection = new Connection(new (WebSocketClass ?? (await platformWebSocket()))(url));
    await connection.#opened();
    return connection;
  }

  constructor(socket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onerror = () => {}; // `close` follows
  }

  get isOpen() {
    return this.#socket.readyState === OPEN;
  }

  send(message) {
    if (this.isOpen) this.#socket.send(JSON.stringify(message)); // otherwise onClose says so
  }

  close() {
    this.onEvent = this.onClose = null;
    this.#socket.close(1000);
  }

  #opened() {
    return new Promise((resolve, reject) => {
      this.#socket.onopen = resolve;
      this.#socket.onclose = ({ code }) => {
        const error = new ConnectionLost(`the connection to the gateway was closed (code ${code})`, code);
        reject(error);
        this.onClose?.(error);
      };
    });
  }

  #receive(data) {
    if (typeof data !== "string") {
      const event = { ...this.#announced, audio: new Uint8Array(data) };
      this.#announced = null;
      this.onEvent?.(event);
      return;
    }
    const event = JSON.parse(data);
    if (event.bytes > 0) this.#announced = event;
    else this.onEvent?.({ ...event, audio: new Uint8Array(0) });
  }
}
