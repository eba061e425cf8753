"""One context for expressions that can't leave anything behind, see `plain`."""

import json
from typing import Any

import _quickjs

from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.evaluation import too_long, value_answer
from gnatwork_blocks.javascript.plain import names_of

#: Takes functions as texts with the names of what each is called with, and the values, all JSON. Yields null where a
#: context of its own knows more: a value is not there, or is itself a function.
_PRELUDE = """
(function () {
  "use strict";
  const evaluate = eval;
  const { parse, stringify } = JSON;
  const { hasOwn } = Object;
  return function gnatwork_plain(tasks, values, choose) {
    const given = parse(values);
    let at = 0;
    for (const [text, names] of parse(tasks)) {
      const found = [];
      for (const name of names) {
        if (!hasOwn(given, name)) return null;
        found.push(given[name]);
      }
      const value = evaluate(text)(...found);
      if (typeof value === "function") return null;
      if (!choose) return stringify(value) ?? "null";
      if (value) return stringify(at);
      at++;
    }
    return "null";
  };
})()
"""
#: Evaluations after which it is made anew, should the engine forget to give something back.
_USES = 1000


class SharedContext:
    """Answers requests whose expressions are all plain."""

    def __init__(self) -> None:
        self._context: Any = None
        self._uses = 0

    def answer(self, request: dict[str, Any], values: bytes, timeout: float) -> bytes | None:
        """The answer to a request; None where a context of its own has to find it."""
        tasks = []
        for source in request["sources"]:
            names = names_of(source)
            if names is None:
                return None
            tasks.append([f"(function ({', '.join(names)}) {{return ({source}\n)}})", names])
        if self._context is None or self._uses >= _USES:
            self._make()
        self._uses += 1
        self._context.set_time_limit(timeout)
        try:
            found: str | None = self._run(json.dumps(tasks), values.decode(), request["choose"])
        except (_quickjs.JSException, MemoryError) as error:
            # What it has left unfinished is nobody's.
            self._context = None
            return too_long(timeout) if "InternalError: interrupted" in str(error) else None
        return None if found is None else value_answer(found)

    def _make(self) -> None:
        self._uses = 0
        self._context = _quickjs.Context()
        self._context.set_memory_limit(limits.HEAP)
        self._context.set_max_stack_size(limits.STACK)
        self._run = self._context.eval(_PRELUDE)
