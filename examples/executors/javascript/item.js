// Reading a work item, and what becomes of one that can't be read.

const TYPES = { run_id: "string", namespace: "string", task: "string", attempt: "number", timeout: "number", output_subject: "string", error_subject: "string" };

class Fault extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** The work item in a delivered message, and what the server says of the delivery. */
export function read(message) {
  let work;
  try {
    work = message.json();
  } catch (error) {
    throw new Fault("message.invalid", `the work item is no JSON: ${error.message}`);
  }
  if (work?.v !== 1) throw new Fault("message.unknown_version", `version ${work?.v}`);
  for (const [field, type] of Object.entries(TYPES)) {
    if (typeof work[field] !== type) throw new Fault("message.invalid", `${field} of the work item is no ${type}`);
  }
  return { message, work, ...delivery(message) };
}

/** `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>`, or with two tokens more. */
function delivery({ reply }) {
  const tokens = reply.split(".");
  const first = tokens.length === 9 ? 4 : 6;
  return {
    delivered: Number(tokens[first]),
    sequence: Number(tokens[first + 1]),
    storedAt: Number(tokens[first + 3]) / 1e9,
  };
}

/** Tell the run that waits for it, keep the item for people, and take it off the queue. */
export async function refuse(fault, message, store, executor) {
  console.error(`a work item is refused: ${fault.message}`);
  const error = { code: fault.code, message: fault.message };
  const [, , , namespace, run, task, attempt] = message.subject.split(".");
  const start = await store.last("HISTORY", `history.*.${namespace}.*.${run}.start`);
  if (start) {
    const base = start.subject.slice(0, -".start".length);
    const now = Date.now() / 1000;
    const body = { v: 1, task, attempt: Number(attempt), error, started_at: now, ended_at: now, executor };
    await store.publish(`${base}.block.${task}.error`, JSON.stringify(body));
  }
  const { sequence, storedAt } = delivery(message);
  const letter = { v: 1, stream: "WORK", subject: message.subject, sequence, error, at: storedAt };
  const kept = message.data.subarray(0, 512 * 1024);
  const body = { body: Buffer.from(kept).toString("base64"), encoding: "base64", size: message.data.length };
  await store.publish(`dead.WORK.${sequence}.${fault.code}`, JSON.stringify({ ...letter, ...body }));
  message.respond(`+TERM ${fault.code}`);
}
