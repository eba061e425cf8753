// Makes the one function that the worker drives a program with, before the program can overwrite what it needs.
// Its functions are called `gnatwork_…`, by which they are told from the program's in a stack trace.
(function () {
  "use strict";
  const evaluate = eval;
  const { parse, stringify } = JSON;
  const { defineProperty } = Object;
  const { apply, construct } = Reflect;
  const { slice, padStart } = String.prototype;
  const { toString: digits } = Number.prototype;
  const { floor } = Math;
  const text = String;
  const Failure = Error;
  const Wrong = TypeError;
  const Eventual = Promise;
  const all = Promise.all;
  const Clock = Date;
  const Seen = WeakMap;
  const { get: recall, set: remember } = WeakMap.prototype;
  const everything = globalThis;

  // What the worker was asked, see `slices.py`.
  let task = null;
  // The promise of each step that waits, by its number: `[resolve, reject]`.
  const waiting = { __proto__: null };
  let unsettled = 0;
  let asked = 0, delivered = 0, told = 0, suspended = false, muted = false, lost = false;
  // Steps asked for since the worker last took them, as JSON each, with the stack; and the number of the first. Those
  // that there is no room for are kept for later slices, up to so many.
  let fresh = [], taken = 0;
  const ahead = 10000;
  let end = null;
  let now = 0, seed = 0n, uptime = 0;
  let logs = [], room = 0, omitted = 0;
  // What `transition` and `finish` have returned, and the errors of steps.
  const orders = new Seen(), failures = new Seen();

  class Suspension extends Failure {}
  class StepError extends Failure {}
  defineProperty(StepError.prototype, "name", { value: "StepError", configurable: true, writable: true });

  function gnatwork_brief(value) {
    return apply(slice, text(value), [0, 4000]);
  }

  // Steps, and how they are settled.

  function gnatwork_ask(kind, type, config, options) {
    const asks = stringify([kind, type, config, options ?? {}]);
    const number = asked++;
    if (number >= task.known + task.room + ahead) {
      lost = true;
      return number;
    }
    // Where it was asked for is of interest as long as nobody knows of the step.
    const at = number < task.known ? "" : gnatwork_brief(new Failure().stack);
    fresh[fresh.length] = [asks, at];
    return number;
  }

  function gnatwork_failure(number, error) {
    const failure = new StepError(error.message);
    failure.code = error.code;
    failure.details = error.details ?? null;
    failure.retryable = error.retryable;
    failure.step = number + task.first;
    apply(remember, failures, [failure, { __proto__: null, error, number }]);
    return failure;
  }

  function gnatwork_settle(outcome) {
    const [number, at, failed, value] = outcome;
    delivered++;
    told++;
    if (told > task.seen) muted = false;
    if (at > now) now = at;
    const settlers = waiting[number];
    if (settlers === undefined) return;
    delete waiting[number];
    unsettled--;
    if (failed) settlers[1](gnatwork_failure(number, value));
    else settlers[0](value);
  }

  function gnatwork_later(kind, type, config, options) {
    return new Eventual((resolve, reject) => {
      // A program that is suspended goes on nowhere: what it asks for now, it may not ask for in the end.
      if (suspended) return;
      const number = gnatwork_ask(kind, type, config, options);
      waiting[number] = [resolve, reject];
      unsettled++;
    });
  }

  function gnatwork_atOnce(kind, type, config, options) {
    if (suspended) throw new Suspension("the program waits for a step; let this error pass");
    const number = gnatwork_ask(kind, type, config, options);
    const { outcomes } = task;
    let found = delivered;
    while (found < outcomes.length && outcomes[found][0] !== number) found++;
    if (found === outcomes.length) {
      suspended = true;
      throw new Suspension("the program waits for a step; let this error pass");
    }
    while (delivered <= found) gnatwork_settle(outcomes[delivered]);
    const [, , failed, value] = outcomes[found];
    if (failed) throw gnatwork_failure(number, value);
    return value;
  }

  // Each is called `gnatwork_api_…`: the place where a step was asked for is the one that called it.
  const api = {
    step: function gnatwork_api_step(type, config, options) {
      return gnatwork_later("task", type, config ?? {}, options);
    },
    stepSync: function gnatwork_api_stepSync(type, config, options) {
      return gnatwork_atOnce("task", type, config ?? {}, options);
    },
    sleep: function gnatwork_api_sleep(duration) {
      return gnatwork_later("delay", "delay", { for: duration });
    },
    sleepSync: function gnatwork_api_sleepSync(duration) {
      return gnatwork_atOnce("delay", "delay", { for: duration });
    },
    waitSignal: function gnatwork_api_waitSignal(name, options) {
      return gnatwork_later("wait", "wait", { ...options, signal: name });
    },
    waitSignalSync: function gnatwork_api_waitSignalSync(name, options) {
      return gnatwork_atOnce("wait", "wait", { ...options, signal: name });
    },
    run: function gnatwork_api_run(workflow, input, options) {
      return gnatwork_later("workflow", "workflow", { name: workflow, input }, options);
    },
    runSync: function gnatwork_api_runSync(workflow, input, options) {
      return gnatwork_atOnce("workflow", "workflow", { name: workflow, input }, options);
    },
    all: function gnatwork_api_all(promises) {
      return apply(all, Eventual, [promises]);
    },
    transition: function gnatwork_api_transition(next, memory) {
      return gnatwork_order("transition", typeof next === "function" ? next.name : next, memory);
    },
    finish: function gnatwork_api_finish(output) {
      return gnatwork_order("finish", null, output);
    },
    template: function gnatwork_api_template(written) {
      if (typeof written !== "string") throw new Wrong("a template is a text");
      return task.mark + "<" + written + ">" + task.mark;
    },
    uuid: function gnatwork_api_uuid() {
      return gnatwork_uuid();
    },
    StepError,
  };

  function gnatwork_order(kind, next, value) {
    const order = {};
    apply(remember, orders, [order, { __proto__: null, kind, next, value }]);
    return order;
  }

  // Time and chance, the same each time that the program runs.

  function gnatwork_random() {
    // SplitMix64.
    seed = (seed + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    let mixed = seed;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
    return Number((mixed ^ (mixed >> 31n)) >> 11n) / 9007199254740992;
  }

  function gnatwork_hex(length) {
    return apply(padStart, apply(digits, floor(gnatwork_random() * 16 ** length), [16]), [length, "0"]);
  }

  function gnatwork_uuid() {
    const variant = apply(digits, 8 + floor(gnatwork_random() * 4), [16]);
    return `${gnatwork_hex(8)}-${gnatwork_hex(4)}-4${gnatwork_hex(3)}-${variant}${gnatwork_hex(3)}-${gnatwork_hex(12)}`;
  }

  function gnatwork_define(object, name, value) {
    defineProperty(object, name, { value, writable: true, configurable: true });
  }

  function gnatwork_freezeTime() {
    const frozen = new Proxy(Clock, {
      construct: (_, given, target) =>
        construct(Clock, given.length ? given : [now], target === frozen ? Clock : target),
      apply: () => text(new Clock(now)),
    });
    gnatwork_define(Clock, "now", () => now);
    gnatwork_define(Clock.prototype, "constructor", frozen);
    gnatwork_define(everything, "Date", frozen);
    gnatwork_define(Math, "random", gnatwork_random);
    gnatwork_define(everything, "performance", { now: () => now - uptime, timeOrigin: uptime });
  }

  // What the program tells.

  function gnatwork_shown(value) {
    if (typeof value === "string") return value;
    if (typeof value === "object" && value !== null) {
      if (value instanceof Failure) return text(value);
      const written = stringify(value);
      if (written !== undefined) return written;
    }
    return text(value);
  }

  function gnatwork_console() {
    const levels = { debug: "debug", log: "info", info: "info", warn: "warning", error: "error", trace: "debug" };
    const console = {};
    for (const name in levels) {
      console[name] = (...values) => {
        if (muted || suspended) return;
        let line = "";
        for (let at = 0; at < values.length; at++) line += (at ? " " : "") + gnatwork_shown(values[at]);
        line = apply(slice, line, [0, task.line]);
        if (line.length > room) {
          omitted++;
          return;
        }
        room -= line.length + 20;
        logs[logs.length] = [levels[name], line];
      };
    }
    gnatwork_define(everything, "console", console);
  }

  // How it ends.

  function gnatwork_thrown(error) {
    // Told when there is no memory left to say more.
    end = { __proto__: null, thrown: { __proto__: null, name: "", message: null, stack: "" } };
    const told = { __proto__: null, name: "", message: null, stack: "" };
    try {
      const failure = typeof error === "object" && error !== null ? apply(recall, failures, [error]) : undefined;
      if (failure !== undefined) {
        told.step = failure.number;
        told.error = failure.error;
        told.stack = gnatwork_brief(error.stack);
      } else if (typeof error !== "object") told.message = gnatwork_brief(error);
      else if (error !== null) {
        const { name, message, stack } = error;
        told.message = gnatwork_brief(typeof message === "string" ? message : stringify(error));
        if (typeof name === "string") told.name = gnatwork_brief(name);
        if (typeof stack === "string") told.stack = gnatwork_brief(stack);
      }
    } catch {
      told.message = "something was thrown that throws when it is looked at";
    }
    end.thrown = told;
  }

  function gnatwork_returned(value) {
    const order = typeof value === "object" && value !== null ? apply(recall, orders, [value]) : undefined;
    try {
      const written = stringify(order === undefined ? value : order.value) ?? "null";
      if (order?.kind === "transition") end = { __proto__: null, next: text(order.next), value: written };
      else end = { __proto__: null, value: written };
    } catch (error) {
      gnatwork_thrown(error);
    }
  }

  function gnatwork_fail(error) {
    if (end === null && !suspended) gnatwork_thrown(error);
  }

  function gnatwork_pass(value) {
    if (end === null && !suspended) gnatwork_returned(value);
  }

  function gnatwork_start(source, name) {
    let called;
    try {
      // In one go, for what is declared by `const` is not known outside.
      called = evaluate(`${source}\n;typeof ${name} === "function" ? ${name} : null`);
    } catch (error) {
      gnatwork_fail(error);
      return;
    }
    if (called === null) {
      end = { __proto__: null, missing: name };
      return;
    }
    try {
      const returned = called(task.args);
      if (typeof returned === "object" && returned !== null) gnatwork_await(returned);
      else gnatwork_pass(returned);
    } catch (error) {
      gnatwork_fail(error);
    }
  }

  async function gnatwork_await(returned) {
    try {
      gnatwork_pass(await returned);
    } catch (error) {
      gnatwork_fail(error);
    }
  }

  function gnatwork_begin(source, name, values) {
    task = parse(values);
    ({ began: now, began: uptime } = task);
    seed = BigInt(task.seed);
    room = task.told;
    // It has run before, and told what it had to tell up to the outcomes that it knew then.
    muted = task.seen !== null;
    for (const called in api) gnatwork_define(everything, called, api[called]);
    gnatwork_define(everything, "info", task.info);
    gnatwork_freezeTime();
    gnatwork_console();
    gnatwork_start(source, name);
  }

  // The steps that the worker has not taken yet and that there is room for, as JSON; null for none.
  function gnatwork_take() {
    const most = task.known + task.room - taken;
    if (fresh.length === 0 || most <= 0) return null;
    const some = [], left = [];
    for (let at = 0; at < fresh.length; at++) (at < most ? some : left)[at < most ? at : at - most] = fresh[at];
    fresh = left;
    taken += some.length;
    return stringify(some);
  }

  // `begin` runs the program until it waits; `more` tells it of what came after that; `next` yields the steps asked for
  // since the last time and lets the program know of the next outcome, and is false when there is none, or no need;
  // `result` yields how it ended, and what it told. Texts are JSON as `stringify` made it, for others the worker can't
  // read.
  return function gnatwork_drive(what, source, name, values) {
    if (what === "begin") return gnatwork_begin(source, name, values);
    if (what === "more") {
      task = parse(source);
      delivered = 0;
      told = task.seen_before;
      muted = task.seen !== null && told <= task.seen;
      logs = [];
      omitted = 0;
      room = task.told;
      return;
    }
    if (what === "take") return gnatwork_take();
    if (what === "next") {
      if (suspended || end !== null || delivered >= task.outcomes.length) return false;
      const some = gnatwork_take();
      gnatwork_settle(task.outcomes[delivered]);
      return some;
    }
    const beyond = lost || fresh.length > 0;
    return stringify({ __proto__: null, end, suspended, lost, beyond, waits: unsettled > 0, logs, omitted });
  };
})();
