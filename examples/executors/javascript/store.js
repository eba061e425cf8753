// What an executor asks of JetStream: publish and wait for the acknowledgement, read the last message of a subject.

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { headers as makeHeaders } from "nats";

const INLINE_LIMIT = 64 * 1024;
const CHUNK_SIZE = 256 * 1024;
const MAX_PAYLOAD = 64 * 1024 * 1024;
const MOST_LEVELS = 150;
const MESSAGE_NOT_FOUND = 10037;
const STREAM_NOT_FOUND = 10059;
const WRONG_LAST_SEQUENCE = 10071;
const ENDS = new Set(["complete", "failed", "cancelled", "timed_out"]);

/** What another attempt may or may not get over; `code` is a dotted name. */
export class BlockError extends Error {
  constructor(code, message, { retryable = false, retry_after, details } = {}) {
    super(message);
    this.info = { code, message, retryable, retry_after, details };
  }
}

/** Whether a JSON text is nested too deep for those who read it in a message. */
function isDeep(text) {
  let depth = 0;
  let deepest = 0;
  for (const bracket of text.replace(/"(?:[^"\\]|\\.)*"/g, "").match(/[[\]{}]/g) ?? []) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest > MOST_LEVELS;
}

export class Store {
  constructor(connection) {
    this.connection = connection;
  }

  /** A request to JetStream's API, repeated for as long as the server is away. */
  async api(subject, body) {
    return this.#ask(`$JS.API.${subject}`, body === undefined ? "" : JSON.stringify(body));
  }

  /** Store a message, and return once it is stored, however long that takes; false if what `expect` says is not so. */
  async publish(subject, data, { traceparent, expect, ttl, operation } = {}) {
    const headers = makeHeaders();
    if (ttl) headers.set("Nats-TTL", `${ttl}s`);
    if (operation) headers.set("KV-Operation", operation);
    if (traceparent) headers.set("traceparent", traceparent);
    if (expect !== undefined) headers.set("Nats-Expected-Last-Subject-Sequence", String(expect));
    for (let wait = 100; ; wait = Math.min(2 * wait, 2000)) {
      const answer = await this.#ask(subject, data, headers);
      if (!answer.error) return true;
      if (answer.error.err_code === WRONG_LAST_SEQUENCE) return false;
      // A full store, or a cluster without a leader: the work is done and shall not be done again.
      console.error(`${subject} is not stored yet: ${answer.error.description}`);
      await sleep(wait);
    }
  }

  /** The last message on a subject or pattern: `{subject, seq, data}`, or null. */
  async last(stream, subject) {
    const { message } = await this.api(`STREAM.MSG.GET.${stream}`, { last_by_subj: subject });
    return message ? { ...message, data: Buffer.from(message.data ?? "", "base64").toString() } : null;
  }

  async isInQueue(sequence) {
    const { error } = await this.api("STREAM.MSG.GET.WORK", { seq: sequence });
    return error?.err_code !== MESSAGE_NOT_FOUND;
  }

  /** Whether the run with this history base has ended, or is not there. */
  async isOver(base) {
    const border = await this.last("HISTORY", `${base}.*`);
    return border === null || ENDS.has(border.subject.slice(base.length + 1));
  }

  /** How many subjects of a stream match. */
  async count(stream, pattern) {
    const { state } = await this.api(`STREAM.INFO.${stream}`, { subjects_filter: pattern });
    return Object.keys(state?.subjects ?? {}).length;
  }

  /** Make sure that there is a durable consumer; one that is there stays as it is. */
  async ensureConsumer(stream, name, settings) {
    for (;;) {
      const { error } = await this.api(`CONSUMER.INFO.${stream}.${name}`);
      if (!error) return;
      const config = { name, durable_name: name, ...settings };
      const made = await this.api(`CONSUMER.CREATE.${stream}.${name}`, { stream_name: stream, config });
      if (!made.error) return;
      if (made.error.err_code !== STREAM_NOT_FOUND) console.error(`${name}: ${made.error.description}`);
      await sleep(500); // the first scheduler makes the streams
    }
  }

  /** A JSON text as an outcome carries it: as it is, or stored and referred to. */
  async inlineOrStored(work, text) {
    const data = Buffer.from(text);
    if (data.length <= INLINE_LIMIT && !text.startsWith('{"$payload":') && !isDeep(text)) return text;
    if (data.length > MAX_PAYLOAD) {
      throw new BlockError("payload.too_large", `The output has ${data.length} bytes; at most ${MAX_PAYLOAD} are stored.`);
    }
    const digest = createHash("sha256").update(data).digest("hex");
    const id = `${work.task.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, 31)}-${digest.slice(0, 32)}`;
    for (let chunk = 0; chunk * CHUNK_SIZE < data.length; chunk++) {
      const part = data.subarray(chunk * CHUNK_SIZE, (chunk + 1) * CHUNK_SIZE);
      await this.publish(`payload.${work.namespace}.${work.run_id}.${id}.${chunk}`, part);
    }
    return JSON.stringify({ $payload: { id, size: data.length, type: "application/json", digest: `sha256:${digest}` } });
  }

  async #ask(subject, data, headers) {
    for (let wait = 100; ; wait = Math.min(2 * wait, 2000)) {
      try {
        const reply = await this.connection.request(subject, data, { timeout: 5000, headers });
        return reply.json();
      } catch (error) {
        if (this.connection.isClosed()) throw error;
        await sleep(wait);
      }
    }
  }
}
