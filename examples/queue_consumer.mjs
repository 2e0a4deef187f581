/**
 * Reads a job's ordered stream from Redis with nothing but Node 20, as docs/reference/ordered-stream.md describes it.
 *
 *     node examples/queue_consumer.mjs redis://127.0.0.1:6379 STREAM > speech.pcm
 *
 * STREAM is `job.stream` in Python, and `stream` in the answer to POST /v1/jobs with "drain": "window". The sound on
 * standard output is signed 16-bit little-endian mono; sentences and what is missing are lines on standard error.
 * A lost connection is made again, and the sound goes on at the next byte.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";

const RETRY_MS = 500;

/** Redis refused a command; trying again does not help. */
class Refused extends Error {}

/** One connection; commands are sent one after another. */
class RedisConnection {
  #input = Buffer.alloc(0);

  constructor(url) {
    this.socket = connect(Number(url.port || 6379), url.hostname);
    this.chunks = this.socket[Symbol.asyncIterator]();
  }

  async command(...words) {
    const parts = words.map(String).map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.socket.write(`*${words.length}\r\n${parts.join("")}`);
    return this.#reply();
  }

  /** A reply of RESP2: a Buffer, a number, an array of replies, or null. */
  async #reply() {
    const line = (await this.#until(() => this.#input.indexOf("\r\n"))).toString();
    const rest = line.slice(1);
    if (line[0] === "-") throw new Refused(rest);
    if (line[0] === ":") return Number(rest);
    if (line[0] === "+") return rest;
    if (rest === "-1") return null;
    if (line[0] === "$") return this.#until(() => (this.#input.length < Number(rest) + 2 ? -1 : Number(rest)));
    const items = [];
    while (items.length < Number(rest)) items.push(await this.#reply());
    return items;
  }

  /** The bytes up to where `end` finds their end, without the line end behind them. */
  async #until(end) {
    while (end() < 0) {
      const { value, done } = await this.chunks.next();
      if (done) throw new Error("the connection was closed");
      this.#input = Buffer.concat([this.#input, value]);
    }
    const found = this.#input.subarray(0, end());
    this.#input = this.#input.subarray(found.length + 2);
    return found;
  }
}

/** The entries of a stream up to its end, as `[id, fields]`, whatever happens to the connection. */
async function* entries(url, stream) {
  for (let last = "0-0"; ; await setTimeout(RETRY_MS)) {
    const redis = new RedisConnection(url);
    try {
      if (url.password) await redis.command("AUTH", ...[url.username, url.password].filter(Boolean).map(decodeURIComponent));
      if (url.pathname.length > 1) await redis.command("SELECT", url.pathname.slice(1));
      for (;;) {
        const reply = await redis.command("XREAD", "COUNT", 16, "BLOCK", 5000, "STREAMS", stream, last);
        for (const [id, list] of reply?.[0][1] ?? []) {
          const fields = {};
          for (let i = 0; i < list.length; i += 2) fields[list[i]] = list[i + 1];
          yield [(last = id.toString()), fields];
          if (String(fields.t) === "end") return;
        }
        if (reply) await redis.command("XGROUP", "SETID", stream, "reader", last); // lets the job go on
      }
    } catch (error) {
      if (error instanceof Refused) throw error;
      process.stderr.write(`${error.message}; trying again\n`);
    } finally {
      redis.socket.destroy();
    }
  }
}

async function main(url, stream) {
  let sentence = 0; // 1-based
  let have = 0; // bytes of it
  for await (const [id, fields] of entries(new URL(url), stream)) {
    const [number, end] = id.split("-").map(Number);
    if (number !== sentence) [sentence, have] = [number, 0];
    if (fields.d) {
      const sound = fields.d.subarray(have - (end - fields.d.length)); // the next byte that is not there yet
      have = end;
      if (!process.stdout.write(sound)) await once(process.stdout, "drain");
    } else {
      const shown = Object.entries(fields).map(([name, value]) => [name, value.toString()]);
      process.stderr.write(`${JSON.stringify(Object.fromEntries(shown))}\n`);
    }
  }
}

await main(...process.argv.slice(2));
