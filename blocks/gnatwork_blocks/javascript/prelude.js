// Makes the one function that the worker calls, before a user's code can overwrite what it needs.
// Its functions are called `gnatwork_…`, by which they are told from the user's in a stack trace.
(function () {
  "use strict";
  // Called by another name, it evaluates in the global scope.
  const evaluate = eval;
  const { parse, stringify } = JSON;
  const { defineProperty, keys } = Object;
  const { apply } = Reflect;
  const slice = String.prototype.slice;
  const text = String;
  const Syntax = SyntaxError;
  const everything = globalThis;
  const pending = 0, done = 1, failed = 2;
  let state = pending;
  // JSON as `stringify` made it: the worker can't read texts that were put together.
  let answer = null;

  function gnatwork_compile(source, awaits) {
    // As an expression first, so that `{a: 1}` is an object; else as statements, the last of which counts.
    try {
      return evaluate((awaits ? "(async function () {return (" : "(function () {return (") + source + "\n)})");
    } catch (error) {
      if (!(error instanceof Syntax)) throw error;
      const gnatwork_statements = () => evaluate(source);
      return gnatwork_statements;
    }
  }

  function gnatwork_brief(value) {
    return apply(slice, text(value), [0, 4000]);
  }

  function gnatwork_tell(error, at) {
    // Told when there is no memory left to say more.
    answer = '{"at":0,"name":"","message":null,"stack":""}';
    state = failed;
    // Without a prototype, so that no `toJSON` of the user's is found.
    const told = { __proto__: null, at, name: "", message: null, stack: "" };
    try {
      if (typeof error !== "object") told.message = gnatwork_brief(error);
      else if (error !== null) {
        const { name, message, stack } = error;
        told.message = gnatwork_brief(typeof message === "string" ? message : stringify(error));
        if (typeof name === "string") told.name = gnatwork_brief(name);
        if (typeof stack === "string") told.stack = gnatwork_brief(stack);
      }
    } catch {
      told.message = "something was thrown that throws when it is looked at";
    }
    answer = stringify(told);
  }

  async function gnatwork_main(tasks, choose, set) {
    let at = 0;
    try {
      for (; at < tasks.length; at++) {
        let value = gnatwork_compile(tasks[at].source, tasks[at].awaits)();
        // A promise of its value, unless it was made of statements.
        if (tasks[at].awaits) value = await value;
        if (typeof value === "function") value = value(set);
        if (typeof value === "object" && value !== null) value = await value;
        if (!choose) {
          answer = stringify(value);
          if (answer === undefined) answer = "null";
          state = done;
          return;
        }
        if (value) break;
      }
      answer = stringify(at < tasks.length ? at : null);
      state = done;
    } catch (error) {
      gnatwork_tell(error, at);
    }
  }

  function gnatwork_begin(request, values) {
    const { sources, choose } = parse(request);
    const tasks = sources.map((source) => ({ __proto__: null, source, awaits: source.includes("await") }));
    let set = {};
    try {
      const constants = parse(values);
      const names = keys(constants);
      for (const name of names) defineProperty(everything, name, { value: constants[name], enumerable: true });
      if (names.includes("set")) set = constants.set;
    } catch (error) {
      gnatwork_tell(error, 0);
      return;
    }
    gnatwork_main(tasks, choose, set);
  }

  // With a request and the values, both JSON, begins, and yields the state; without, yields the state; with null, the
  // answer.
  return function gnatwork_run(request, values) {
    if (request === null) return answer;
    if (request !== undefined) gnatwork_begin(request, values);
    return state;
  };
})();
