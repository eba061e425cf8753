// An executor: takes work items of one block type, runs them, says what came of them. What it does and why is told in
// docs/reference/protocol.md, section by section.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { connect, createInbox } from "nats";
import { Attempt } from "./attempt.js";
import { read, refuse } from "./item.js";
import { Store } from "./store.js";

const LANES = ["high", "normal", "low"];
/** Items of each lane at once. */
const PLACES = 16;
const ACK_WAIT = 10_000;
const REMEMBERED_RUNS = 1000;
/** Milliseconds that stopped blocks get to end. */
const GRACE = 5000;
const NANO = 1_000_000;
/** Seconds after which an executor of which nothing is heard counts as gone. */
const LEASE = 60;

/**
 * Host a block type until SIGTERM or SIGINT. `block.entry` is what the catalogue says of it, `block.run(config, task)`
 * does the work; `task` has the fields of the work item, an AbortSignal `signal`, and `log(level, message, fields)`.
 */
export async function host(block, url = process.env.NATS_URL ?? "nats://127.0.0.1:4222") {
  const address = new URL(url);
  const connection = await connect({
    servers: address.host,
    ...(address.password ? { user: address.username, pass: address.password } : { token: address.username || undefined }),
    name: `executor-${block.entry.type}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    waitOnFirstConnect: true,
  });
  const executor = new Executor(connection, block);
  await executor.start();
  await new Promise((leave) => {
    process.once("SIGTERM", leave);
    process.once("SIGINT", leave);
  });
  await executor.leave(1000 * Number(process.env.GNATWORK_DRAIN ?? 5));
  await connection.drain();
}

class Executor {
  constructor(connection, block) {
    this.connection = connection;
    this.block = block;
    this.name = `${hostname()}-${process.pid}`;
    this.store = new Store(connection);
    this.key = `$KV.gnatwork_state.executor.${randomUUID()}`;
    this.startedAt = Date.now() / 1000;
    this.running = new Map(); // attempts, by the item's place in the work queue
    this.stopped = new Map(); // by run, the first epoch whose items may run
    this.leaving = false;
    this.lanes = LANES.map((name) => ({ name, asked: 0, running: 0, consumer: `exec-${block.entry.type}-${name}` }));
  }

  async start() {
    const { type } = this.block.entry;
    for (const lane of this.lanes) {
      await this.store.ensureConsumer("WORK", lane.consumer, {
        filter_subject: `block.${type}.${lane.name}.>`,
        deliver_policy: "all",
        ack_policy: "explicit",
        ack_wait: ACK_WAIT * NANO,
        max_deliver: -1,
        max_ack_pending: 10_000,
      });
    }
    await this.#live();
    this.lease = setInterval(() => this.#live().catch(console.error), (1000 * LEASE) / 3);
    await this.store.publish(`$KV.gnatwork_state.catalogue.${type}`, JSON.stringify({ v: 1, ...this.block.entry }));
    this.connection.subscribe("control.*.*.cancel", { callback: (_, message) => this.#cancelled(message) });
    for (const lane of this.lanes) this.#listen(lane);
    this.heartbeat = setInterval(() => this.running.forEach((attempt) => attempt.renew()), ACK_WAIT / 3);
    this.#watch();
    console.error(`hosting ${type}`);
  }

  /** Take no more; give what runs some time, then hand it back. */
  async leave(drain) {
    this.leaving = true;
    const ended = () => Promise.all([...this.running.values()].map((attempt) => attempt.ended));
    await Promise.race([ended(), new Promise((resolve) => setTimeout(resolve, drain))]);
    this.running.forEach((attempt) => attempt.stop("leave"));
    // Outcomes that can't be stored are not waited for: their items are delivered to others.
    await Promise.race([ended(), new Promise((resolve) => setTimeout(resolve, GRACE))]);
    clearInterval(this.heartbeat);
    clearInterval(this.lease);
    await this.store.publish(this.key, "", { operation: "DEL", ttl: LEASE });
  }

  /** Say that this process lives, and what it hosts. */
  #live() {
    const { type, version = "1" } = this.block.entry;
    const body = { v: 1, executor: this.name, started_at: this.startedAt, blocks: { [type]: version } };
    return this.store.publish(this.key, JSON.stringify(body), { ttl: LEASE });
  }

  /** Pulls of a lane are answered in an inbox of its own. */
  #listen(lane) {
    lane.inbox = createInbox();
    lane.asked = 0;
    lane.subscription = this.connection.subscribe(lane.inbox, { callback: (_, message) => this.#received(lane, message) });
    this.#pull(lane);
  }

  #pull(lane) {
    const free = PLACES - lane.running - lane.asked;
    if (free <= 0 || this.leaving || this.connection.isClosed()) return;
    lane.asked += free;
    const request = { batch: free, expires: 30_000 * NANO, idle_heartbeat: 5000 * NANO };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.WORK.${lane.consumer}`;
    this.connection.publish(subject, JSON.stringify(request), { reply: lane.inbox });
  }

  #received(lane, message) {
    if (message.reply) {
      lane.asked = Math.max(0, lane.asked - 1);
      lane.running += 1;
      this.#take(message)
        .catch(console.error)
        .finally(() => {
          lane.running -= 1;
          this.#pull(lane);
        });
      return;
    }
    // The server's word on a pull: 100 it is still there, 404 and 408 it is over, anything else something is wrong.
    const code = message.headers?.code ?? 0;
    if (code === 100) return;
    lane.asked = Math.max(0, lane.asked - Number(message.headers?.get("Nats-Pending-Messages") || PLACES));
    setTimeout(() => this.#pull(lane), code === 404 || code === 408 ? 0 : 500);
  }

  async #take(message) {
    let item;
    try {
      item = read(message);
    } catch (fault) {
      await refuse(fault, message, this.store, this.name);
      return;
    }
    // Delivered again while it is worked on: the answer to come is about this delivery as well.
    if (this.running.has(item.sequence)) return;
    const attempt = new Attempt(item, this);
    if (this.leaving) return attempt.handBack();
    if (this.#isStopped(item.work)) return message.respond("+ACK");
    this.running.set(item.sequence, attempt);
    await attempt.ended;
    this.running.delete(item.sequence);
  }

  #cancelled(message) {
    const [, namespace, run] = message.subject.split(".");
    const key = `${namespace}.${run}`;
    const epoch = (message.data.length ? message.json() : {}).epoch ?? Infinity;
    // Items of the run may be on the way still, so it is remembered.
    this.stopped.set(key, Math.max(epoch, this.stopped.get(key) ?? 0));
    if (this.stopped.size > REMEMBERED_RUNS) this.stopped.delete(this.stopped.keys().next().value);
    this.running.forEach((attempt) => this.#isStopped(attempt.work) && attempt.stop("cancel"));
  }

  #isStopped(work) {
    return (work.epoch ?? 0) < (this.stopped.get(`${work.namespace}.${work.run_id}`) ?? 0);
  }

  /** Open pulls died with a lost connection, and word of a cancelled run with them. */
  async #watch() {
    for await (const { type } of this.connection.status()) {
      if (type !== "reconnect") continue;
      for (const lane of this.lanes) {
        lane.subscription.unsubscribe();
        this.#listen(lane);
      }
      for (const [sequence, attempt] of this.running) {
        this.store.isInQueue(sequence).then((there) => there || attempt.stop("cancel"), console.error);
      }
    }
  }
}
