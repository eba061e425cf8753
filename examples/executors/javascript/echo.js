// A block type that yields what it is told to, the one that the conformance suite asks for, and its executor.

import { setTimeout as sleep } from "node:timers/promises";
import { host } from "./executor.js";
import { BlockError } from "./store.js";

const DEEDS = {
  echo: ({ value }) => value,
  fail({ code, message, ...more }) {
    throw new BlockError(code, message, more);
  },
  async sleep({ seconds, value }, { signal }) {
    await sleep(1000 * seconds, undefined, { signal });
    return value;
  },
  describe: (_, { run_id, task, attempt, idempotency_key }) => ({ run_id, task, attempt, idempotency_key }),
  large: ({ bytes }) => "x".repeat(bytes),
};

await host({
  entry: {
    type: "echo-js",
    title: "Echo in JavaScript",
    summary: "Yields what it is told to.",
    category: "examples",
    config_schema: { type: "object", required: ["do"], properties: { do: { enum: Object.keys(DEEDS) } } },
    output_schema: true,
    plain: true,
  },
  async run(config, task) {
    const deed = Object.hasOwn(DEEDS, config?.do) && DEEDS[config.do];
    if (!deed) throw new BlockError("block.config_invalid", `\`do\` is one of ${Object.keys(DEEDS).join(", ")}.`);
    return deed(config, task);
  },
});
