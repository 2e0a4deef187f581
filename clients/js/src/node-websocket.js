/**
 * A WebSocket for Node 20, which has none: the part of the browser's interface that `Connection` uses, after RFC 6455.
 * It offers no extensions, so that messages are never compressed.
 */

import { createHash, randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3
const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10]; // RFC 6455, 5.2
const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
const NO_CODE = 1005; // a close frame without a code
const ABNORMAL = 1006; // no close frame
const CLOSE_TIMEOUT_MS = 2000;

export class NodeWebSocket {
  #socket = null;
  #input = Buffer.alloc(0);
  #fragments = [];
  #opcode = 0; // of the message whose fragments arrive
  #closeCode = ABNORMAL;
  readyState = CONNECTING;
  binaryType = "arraybuffer";
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;

  constructor(url) {
    const { protocol, host } = new URL(url);
    const key = randomBytes(16).toString("base64");
    const headers = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": 13, "sec-websocket-key": key };
    const open = protocol === "wss:" ? httpsRequest : httpRequest;
    const request = open(url.replace(/^ws/, "http"), { headers: { host, ...headers } });
    request.on("upgrade", (response, socket, head) => {
      const expected = createHash("sha1").update(key + MAGIC).digest("base64");
      if (response.headers["sec-websocket-accept"] !== expected) socket.destroy();
      this.#open(socket, head);
    });
    request.on("response", (response) => (response.resume(), this.#closed())); // refused
    request.on("error", (error) => (this.onerror?.(error), this.#closed()));
    request.end();
  }

  send(text) {
    if (this.readyState === OPEN) this.#sendFrame(TEXT, Buffer.from(text));
  }

  close(code = 1000) {
    if (this.readyState !== OPEN) return this.#socket?.destroy();
    this.readyState = CLOSING;
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.#sendFrame(CLOSE, payload);
    setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS).unref();
  }

  #open(socket, head) {
    this.#socket = socket;
    this.readyState = OPEN;
    socket.setNoDelay(true);
    socket.on("data", (bytes) => this.#receive(bytes));
    socket.on("error", (error) => this.onerror?.(error));
    socket.on("close", () => this.#closed());
    this.onopen?.({});
    if (head.length) this.#receive(head);
  }

  #closed() {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.onclose?.({ code: this.#closeCode });
  }

  /** Sends one frame, masked as those of clients are (RFC 6455, 5.3). */
  #sendFrame(opcode, payload) {
    const mask = randomBytes(4);
    const head = [0x80 | opcode];
    if (payload.length < 126) head.push(0x80 | payload.length);
    else if (payload.length < 65536) head.push(0x80 | 126, payload.length >> 8, payload.length & 255);
    else head.push(0x80 | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (payload.length >>> shift) & 255));
    const masked = payload.map((byte, i) => byte ^ mask[i & 3]);
    this.#socket.write(Buffer.concat([Buffer.from(head), mask, masked]));
  }

  #receive(bytes) {
    this.#input = this.#input.length ? Buffer.concat([this.#input, bytes]) : bytes;
    for (let frame = this.#takeFrame(); frame; frame = this.#takeFrame()) this.#handle(frame);
  }

  /** The next whole frame of the input, without its head; null if there is none yet. */
  #takeFrame() {
    const input = this.#input;
    if (input.length < 2) return null;
    const short = input[1] & 127;
    const headBytes = { 126: 4, 127: 10 }[short] ?? 2;
    if (input.length < headBytes) return null;
    const length = headBytes === 2 ? short : headBytes === 4 ? input.readUInt16BE(2) : Number(input.readBigUInt64BE(2));
    if (input.length < headBytes + length) return null;
    this.#input = input.subarray(headBytes + length);
    return { isFinal: Boolean(input[0] & 128), opcode: input[0] & 15, payload: input.subarray(headBytes, headBytes + length) };
  }

  #handle({ isFinal, opcode, payload }) {
    if (opcode === PING) this.#sendFrame(PONG, payload);
    else if (opcode === CLOSE) this.#answerClose(payload);
    else if (opcode <= BINARY) {
      if (opcode !== CONTINUATION) this.#opcode = opcode;
      this.#fragments.push(payload);
      if (isFinal) this.#deliver(Buffer.concat(this.#fragments.splice(0)));
    }
  }

  #answerClose(payload) {
    this.#closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : NO_CODE;
    if (this.readyState === OPEN) this.#sendFrame(CLOSE, payload.subarray(0, 2));
    this.readyState = CLOSING;
    this.#socket.end();
  }

  #deliver(payload) {
    const isText = this.#opcode === TEXT;
    this.onmessage?.({ data: isText ? payload.toString() : new Uint8Array(payload).buffer });
  }
}
