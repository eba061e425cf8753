// Makes the one function by which the worker drives a call, before a user's code can overwrite what it needs.
// Its functions are called `gnatwork_…`, by which they are told from the user's in a stack trace.
(function () {
  "use strict";
  // Called by another name, it evaluates in the global scope.
  const evaluate = eval;
  const { parse, stringify } = JSON;
  const { create, defineProperty, keys } = Object;
  const { apply } = Reflect;
  const { slice, toLowerCase, toUpperCase } = String.prototype;
  const text = String;
  const Failure = Error, Mistake = TypeError, Later = Promise;
  const everything = globalThis;
  const pending = 0, done = 1, failed = 2, invalid = 3, missing = 4;
  // Characters of a line, lines, and requests; the executor makes fewer of them.
  const longest = 4000, most = 101, mostRequests = 1000;
  let state = pending;
  // JSON as `stringify` made it: the worker can't read texts that were put together.
  let answer = null;
  // Lines of the console, each a level and a text; how many there are, and how many more there would be.
  let lines = create(null), printed = 0, more = 0;
  // Requests that the worker was not told of yet, and how many; those who wait, by number.
  let asked = create(null), waiting = 0, number = 0;
  const waits = create(null);

  function gnatwork_brief(value) {
    return apply(slice, text(value), [0, longest]);
  }

  function gnatwork_shown(value) {
    if (typeof value === "string") return apply(slice, value, [0, longest]);
    if (typeof value === "object" && value !== null) {
      try {
        const { name, message, stack } = value;
        if (typeof stack === "string" && typeof message === "string") return gnatwork_brief(`${name}: ${message}`);
        return gnatwork_brief(stringify(value));
      } catch {
        return "[object]";
      }
    }
    return typeof value === "symbol" || typeof value === "function" ? `[${typeof value}]` : gnatwork_brief(value);
  }

  function gnatwork_print(level, values) {
    if (printed >= most) {
      more++;
      return;
    }
    let line = "";
    for (let at = 0; at < values.length && line.length < longest; at++) line += (at ? " " : "") + gnatwork_shown(values[at]);
    lines[printed++] = { __proto__: null, level, text: gnatwork_brief(line) };
  }

  function gnatwork_listed(entries, count) {
    let found = "[", at = 0;
    for (; at < count; at++) found += (at ? "," : "") + stringify(entries[at]);
    // Once more, for the worker to be able to read it.
    return stringify(found + "]");
  }

  function gnatwork_tell(error) {
    // Told when there is no memory left to say more.
    answer = '{"name":"","message":null,"stack":""}';
    state = failed;
    // Without a prototype, so that no `toJSON` of the user's is found.
    const told = { __proto__: null, name: "", message: null, stack: "" };
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

  function gnatwork_yield(value) {
    try {
      answer = stringify(value);
      if (answer === undefined && value !== undefined) throw new Mistake(`a ${typeof value} is not JSON`);
      if (answer === undefined) answer = "null";
      state = done;
    } catch (error) {
      gnatwork_tell(error);
      state = invalid;
    }
  }

  async function gnatwork_main(source, entry, input) {
    try {
      // In one go, for what is declared by `const` or in strict code is seen from within alone.
      const called = evaluate(source + `\n;typeof ${entry} === "function" ? ${entry} : null`);
      if (called === null) {
        state = missing;
        return;
      }
      let value = called(input);
      if (typeof value === "object" && value !== null) value = await value;
      gnatwork_yield(value);
    } catch (error) {
      gnatwork_tell(error);
    }
  }

  function gnatwork_fetch(url, options) {
    const { method, headers, body } = options ?? {};
    if (body !== undefined && body !== null && typeof body !== "string") {
      throw new Mistake("the body of a request is a text; make one with JSON.stringify(…)");
    }
    if (number >= mostRequests) throw new Failure("these are too many requests");
    const sent = create(null);
    for (const name of keys(headers ?? {})) sent[name] = text(headers[name]);
    const request = { __proto__: null, id: ++number, url: text(url), headers: sent, body: body ?? null };
    request.method = apply(toUpperCase, text(method ?? "GET"), []);
    asked[waiting++] = request;
    return new Later(function gnatwork_wait(resolve, reject) {
      waits[request.id] = { __proto__: null, resolve, reject };
    });
  }

  function gnatwork_response({ status, url, headers, text: body }) {
    const found = create(null);
    for (const name of keys(headers)) found[name] = headers[name];
    defineProperty(found, "get", { value: (name) => headers[apply(toLowerCase, text(name), [])] ?? null });
    const response = { __proto__: null, ok: status >= 200 && status < 300, status, url, headers: found };
    response.text = async () => body;
    response.json = async () => parse(body);
    return response;
  }

  function gnatwork_answered(told) {
    const answers = parse(told);
    for (let at = 0; at < answers.length; at++) {
      const { id, answer: found, failure } = answers[at];
      const wait = waits[id];
      delete waits[id];
      if (failure === undefined) wait.resolve(gnatwork_response(found));
      else {
        const error = new Failure(failure);
        defineProperty(error, "name", { value: "HttpError" });
        wait.reject(error);
      }
    }
  }

  const levels = { debug: "debug", log: "info", info: "info", warn: "warning", error: "error" };
  const console = {};
  for (const name of keys(levels)) console[name] = (...values) => gnatwork_print(levels[name], values);
  defineProperty(everything, "console", { value: console, writable: true, configurable: true });

  const parts = {
    __proto__: null,
    begin(request, input) {
      const { source, entry, http } = parse(request).call;
      if (http) defineProperty(everything, "fetch", { value: gnatwork_fetch, writable: true, configurable: true });
      let value;
      try {
        value = parse(input);
      } catch (error) {
        gnatwork_tell(error);
        return;
      }
      gnatwork_main(source, entry, value);
    },
    tell: gnatwork_answered,
    state: () => state,
    answer: () => answer,
    asked() {
      const found = waiting ? gnatwork_listed(asked, waiting) : null;
      asked = create(null);
      waiting = 0;
      return found;
    },
    lines: () => gnatwork_listed(lines, printed),
    more: () => more,
  };
  return function gnatwork_call(part, ...values) {
    return parts[part](...values);
  };
})();
