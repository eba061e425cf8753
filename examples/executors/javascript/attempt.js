// One attempt of one task, from its delivery until its outcome is stored and the item settled.

import { randomUUID } from "node:crypto";
import { BlockError } from "./store.js";

/** Executors that may vanish with an item before it is given up. */
const MOST_DELIVERIES = 5;
/** Seconds between the decision and the storing of an item, past which it may have been decided before. */
const LATE = 2;
/** Milliseconds after which it is announced that an attempt runs. */
const STARTED_AFTER = 50;
/** Milliseconds that a timer can have, 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

const now = () => Date.now() / 1000;

export class Attempt {
  constructor(item, executor) {
    Object.assign(this, item);
    this.executor = executor;
    this.store = executor.store;
    this.base = this.work.output_subject.slice(0, -`.block.${this.work.task}.output`.length);
    this.traceparent = this.message.headers?.get("traceparent") || undefined;
    this.abort = new AbortController();
    this.ended = new Promise((end) => (this.end = end));
    setImmediate(() => this.#settle().catch(console.error).finally(this.end));
  }

  renew() {
    this.message.respond("+WPI");
  }

  /** Stop the block because of "timeout", "cancel" or "leave"; the first reason counts. */
  stop(reason) {
    this.reason ??= reason;
    this.abort.abort(new Error(reason));
  }

  /** Give the item back, with a note that it did no harm. */
  handBack() {
    const { namespace, run_id, task, attempt } = this.work;
    const { connection } = this.executor;
    connection.publish(`payload.${namespace}.${run_id}.handed-back:${task}:${attempt}.${this.delivered}`, "{}");
    this.message.respond("-NAK");
  }

  async #settle() {
    const { work } = this;
    let outcome;
    try {
      if (await this.#isLeftover()) return this.message.respond("+ACK");
      const value = await this.#value();
      outcome = [work.output_subject, `"output":${await this.store.inlineOrStored(work, JSON.stringify(value) ?? "null")}`];
    } catch (error) {
      outcome = [work.error_subject, `"error":${JSON.stringify(this.#described(error))}`];
    }
    if (this.reason === "cancel") return this.message.respond("+ACK");
    if (this.reason === "leave") return this.handBack();
    const times = `"started_at":${this.startedAt ?? now()},"ended_at":${now()}`;
    const head = `"v":1,"task":${JSON.stringify(work.task)},"attempt":${work.attempt}`;
    const body = `{${head},${outcome[1]},${times},"executor":${JSON.stringify(this.executor.name)}}`;
    // Only what is stored is acknowledged: if this process dies before, another one gets the item.
    await this.store.publish(outcome[0], body, { traceparent: this.traceparent });
    this.message.respond("+ACK");
  }

  async #value() {
    const { work } = this;
    if (this.delivered > MOST_DELIVERIES && (await this.#vanished()) >= MOST_DELIVERIES) {
      throw new BlockError("executor.lost", `The work was handed to an executor ${MOST_DELIVERIES} times without an outcome; it is given up.`);
    }
    if (work.deferred?.length) {
      throw new BlockError("block.config_invalid", "This executor is plain: it can't resolve what the config refers to.");
    }
    if (work.idempotent === false && !(await this.#claim())) {
      throw new BlockError("executor.lost", "Another executor began this attempt, and the block may not run twice.");
    }
    this.startedAt = now();
    const timeout = setTimeout(() => this.stop("timeout"), Math.min(1000 * work.timeout, LONGEST_TIMER));
    const started = setTimeout(() => this.#tell("started", {}), STARTED_AFTER);
    const stopped = new Promise((_, reject) => this.abort.signal.addEventListener("abort", () => reject(this.abort.signal.reason)));
    const log = (level, message, fields = {}) => this.#tell("log", { level, message, fields });
    try {
      this.abort.signal.throwIfAborted();
      return await Promise.race([this.executor.block.run(work.config, { ...work, signal: this.abort.signal, log }), stopped]);
    } finally {
      clearTimeout(timeout);
      clearTimeout(started);
    }
  }

  /** Whether nobody waits for this attempt any more: it has an outcome, or a later one has, or the run is over. */
  async #isLeftover() {
    const { work } = this;
    if (this.delivered === 1 && !work.again && this.storedAt - work.decided_at <= LATE) return false;
    const last = await this.store.last("HISTORY", `${this.base}.block.${work.task}.*`);
    return (last && JSON.parse(last.data).attempt >= work.attempt) || this.store.isOver(this.base);
  }

  /** How many executors had the item and did not give it back. */
  async #vanished() {
    const { namespace, run_id, task, attempt } = this.work;
    const notes = `payload.${namespace}.${run_id}.handed-back:${task}:${attempt}.*`;
    return this.delivered - 1 - (await this.store.count("PAYLOADS", notes));
  }

  /** Take what must never run twice; false when someone took it before, or its run is over. */
  async #claim() {
    const subject = `${this.base}.block.${this.work.task}.claimed.${this.work.attempt}`;
    const token = randomUUID();
    const claim = JSON.stringify({ v: 1, executor: this.executor.name, token });
    if (!(await this.store.publish(subject, claim, { expect: 0 }))) {
      // Ours, if the acknowledgement of an earlier try was lost.
      const last = await this.store.last("HISTORY", subject);
      if (!last || JSON.parse(last.data).token !== token) return false;
    }
    return !(await this.store.isOver(this.base));
  }

  #described(error) {
    if (this.reason === "timeout") {
      const message = `The attempt took longer than its timeout of ${this.work.timeout} s.`;
      return { code: "block.timeout", message, retryable: true };
    }
    if (error instanceof BlockError) return error.info;
    console.error(error);
    return { code: "block.failed", message: `The block threw ${error?.name}; the executor's log has the trace.`, retryable: true };
  }

  #tell(kind, more) {
    const { run_id, task, attempt } = this.work;
    const event = { v: 1, task, attempt, executor: this.executor.name, at: now(), ...more };
    this.executor.connection.publish(`workflow.${run_id}.block.${task}.${kind}`, JSON.stringify(event));
  }
}
