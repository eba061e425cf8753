"""A small workflow for each construct of the language."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from histories import plays
from histories.plays import Play


class Construct(NamedTuple):
    """What is run to record a history."""

    definition: dict[str, Any]
    input: Any = None
    #: Starts the run and does what is done to it from outside.
    play: Play = plays.start
    #: Workflows that are stored first, by name.
    stored: Mapping[str, dict[str, Any]] = {}


def _noop(name: str, *needs: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "type": "noop", **({"needs": list(needs)} if needs else {}), **fields}


def _steer(name: str, type_: str, config: Any = None) -> dict[str, Any]:
    return {"id": name, "type": type_, **({} if config is None else {"config": config})}


def _loop(name: str, config: dict[str, Any], *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "type": "loop", "config": config, "blocks": list(blocks)}


def _group(name: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "type": "group", "blocks": list(blocks)}


#: A block type of which the recorder lets one attempt run at a time.
LIMITED = "sleep"
#: What the recorder says of a block type before it records a construct.
ANNOUNCED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "type-limit": (LIMITED, {"concurrency": 1}),
    "plain": ("noop", {"plain": True}),
}
#: Refused by the address guard, and so an error that is not retryable.
_FAILS = {"type": "fetch", "config": {"url": "http://127.0.0.1:9/"}}
#: Takes longer than it may, which is retryable.
_SLOW = {"type": "sleep", "config": {"for": "10s"}, "timeout": "100ms"}

#: Two steps at once, one that fails and is caught, then another state: a pause and a signal.
_PROGRAM = """
async function main(input) {
  const [a, b] = await all([step("noop", {n: input}), step("noop", {n: input + 1})]);
  let why = null;
  try {
    await step("fetch", {url: "http://127.0.0.1:9/"});
  } catch (error) {
    why = error.code;
  }
  return transition(rest, {sum: a.n + b.n, why});
}
async function rest(memory) {
  await sleep("100ms");
  const said = await waitSignal("go");
  return {...memory, said};
}
"""

CONSTRUCTS: dict[str, Construct] = {
    "sequence": Construct(
        {"steps": [_noop("a", config={"n": "{{ input.n }}"}), _noop("b", config="got {{ a.n }}"), _noop("c")]},
        {"n": 1},
    ),
    "parallel-and-join": Construct({"blocks": [_noop("a"), _noop("b"), _noop("c", "a", "b")]}),
    "join-any": Construct(
        {"blocks": [_noop("a"), {"id": "b", **_SLOW, "on_error": "continue"}, _noop("c", "a", "b", join="any")]}
    ),
    "join-always": Construct({"blocks": [{"id": "a", **_FAILS}, _noop("b", "a", join="always")]}),
    "skip": Construct({"blocks": [_noop("a"), _noop("b", "a.error"), _noop("c", "b"), _noop("d", "a")]}),
    "error-port": Construct(
        {
            "blocks": [
                {"id": "a", **_FAILS},
                _noop("b", "a.error", config={"why": "{{ error.code }}"}),
                _noop("c", "a"),
            ],
            "output": "{{ b.why }}",
        }
    ),
    "on-error-continue": Construct(
        {"blocks": [{"id": "a", **_FAILS, "on_error": "continue"}, _noop("b", config="{{ a.error.code }}")]}
    ),
    "retry": Construct({"blocks": [{"id": "a", **_SLOW, "retry": {"max_attempts": 3, "initial": "50ms"}}]}),
    "failure": Construct({"blocks": [{"id": "a", **_FAILS}, _noop("b"), _noop("c", "a")]}),
    "missing-template": Construct({"blocks": [_noop("a"), _noop("b", config="{{ a.nothing }}")]}),
    "large-value": Construct(
        {"blocks": [_noop("a", config={"text": "{{ input.text }}"}), _noop("b", config="{{ a.text.length }}")]},
        {"text": "x" * 70_000},
    ),
    "response": Construct(
        {"blocks": [_noop("a"), {"id": "r", "type": "response", "config": {"status": 201, "body": {"ok": True}}}]}
    ),
    "never-twice": Construct({"blocks": [_noop("a", idempotent=False)]}),
    "run-timeout": Construct({"blocks": [{"id": "a", "type": "sleep", "config": {"for": "1h"}}], "timeout": "300ms"}),
    "cancel": Construct(
        {"blocks": [{"id": "a", "type": "sleep", "config": {"for": "1h"}}, _noop("b", "a")]}, play=plays.cancel
    ),
    "condition": Construct(
        {"blocks": [_steer("c", "condition", {"if": "input > 3"}), _noop("yes", "c.true"), _noop("no", "c.false")]}, 5
    ),
    "switch": Construct(
        {
            "blocks": [
                _steer("s", "switch", {"on": "input", "cases": {"one": 1, "two": 2}, "default": "many"}),
                *(_noop(name, f"s.{name}") for name in ("one", "two", "many")),
            ]
        },
        2,
    ),
    "filter": Construct(
        {"blocks": [_steer("f", "filter", {"if": "input > 3"}), _noop("a", "f"), _noop("b", "a", join="always")]}, 1
    ),
    "when": Construct(
        {
            "blocks": [
                _noop("a", config={"n": 1}),
                _noop("b", when="a.n > 0"),
                _noop("c", when="a.n > 1"),
                _noop("d", "b", "c"),
            ]
        }
    ),
    "for-each": Construct(
        {
            "blocks": [
                _noop(
                    "a",
                    for_each={"items": "{{ input }}", "as": "n", "concurrency": 2},
                    config=["{{ n }}", "{{ index }}"],
                ),
                _noop("b", config="{{ a[1] }}"),
            ]
        },
        [3, 2, 1],
    ),
    "for-each-continue": Construct(
        {"blocks": [_noop("a", for_each={"items": [{"v": 1}, {}], "on_error": "continue"}, config="{{ item.v }}")]}
    ),
    "for-each-fail": Construct(
        {
            "blocks": [
                _noop("a", for_each={"items": [{"v": 1}, {}, {"v": 3}], "concurrency": 1}, config="{{ item.v }}"),
                _noop("b", "a.error", config="{{ error.task }}"),
            ]
        }
    ),
    "large-items": Construct(
        {
            "blocks": [
                _noop("a", for_each={"items": "{{ input }}"}, config="{{ item }}"),
                _noop("b", config="{{ a.length }}"),
            ]
        },
        ["x" * 40_000, "y" * 80_000],
    ),
    "loop": Construct(
        {
            "blocks": [
                _loop(
                    "l",
                    {"items": [1, 2, 3], "concurrency": 2},
                    _noop("x", config="{{ item }}"),
                    _noop("y", config="{{ x }}"),
                )
            ]
        }
    ),
    "nested-loop": Construct(
        {
            "blocks": [
                _loop(
                    "rows",
                    {"items": [[1, 2], [3]], "as": "row"},
                    _loop(
                        "cells",
                        {"items": "{{ row }}", "as": "cell"},
                        _noop("x", when="cell !== 2", config="{{ row.length }}"),
                    ),
                )
            ]
        }
    ),
    "while": Construct(
        {"blocks": [_loop("l", {"while": "index < 2"}, _noop("x", config="{{ previous.x ?? 'first' }}"))]}
    ),
    "until": Construct(
        {
            "blocks": [
                _loop("l", {"until": "n >= 3"}, _steer("n", "transform", {"expression": "(previous.n ?? 0) + 1"})),
                _noop("b", config="{{ l.length }}"),
            ]
        }
    ),
    "loop-too-long": Construct({"blocks": [_loop("l", {"while": "true", "max_iterations": 2}, _noop("x"))]}),
    "group": Construct(
        {"blocks": [_group("g", _noop("a"), _noop("b", "a"), _noop("c")), _noop("d", config="{{ g.b }}")]}
    ),
    "group-failure": Construct(
        {"blocks": [_group("g", {"id": "a", **_FAILS}, _noop("b", "a")), _noop("d", "g.error")]}
    ),
    "delay": Construct(
        {
            "blocks": [
                _steer("d", "delay", {"for": "{{ input }}"}),
                _steer("past", "delay", {"until": "2020-01-01T00:00:00Z"}),
                _noop("b", "d", "past"),
            ]
        },
        "200ms",
    ),
    "wait": Construct(
        {"steps": [_steer("w", "wait", {"signal": "go"}), _noop("b", config="{{ w.by }}")]}, play=plays.signal
    ),
    "early-signal": Construct(
        {"steps": [_steer("d", "delay", {"for": "400ms"}), _steer("w", "wait", {"signal": "go", "timeout": "1m"})]},
        play=plays.signal_at_once,
    ),
    "wait-timeout": Construct(
        {"blocks": [_steer("w", "wait", {"timeout": "200ms"}), _noop("b", "w.error", config="{{ error.code }}")]}
    ),
    "child": Construct(
        {
            "blocks": [
                _steer("c", "workflow", {"name": "child", "input": {"n": "{{ input }}"}}),
                _noop("b", config="{{ c }}"),
            ]
        },
        7,
        stored={"child": {"blocks": [_noop("x", config="{{ input.n }}")]}},
    ),
    "child-not-waiting": Construct(
        {"blocks": [_steer("c", "workflow", {"name": "child", "wait": False}), _noop("b", config="{{ c.workflow }}")]},
        stored={"child": {"blocks": [_noop("x")]}},
    ),
    "child-failure": Construct(
        {"blocks": [_steer("c", "workflow", {"name": "failing"}), _noop("b", "c.error", config="{{ error.code }}")]},
        stored={"failing": {"blocks": [{"id": "a", **_FAILS}]}},
    ),
    "child-cancel": Construct(
        {"blocks": [_steer("c", "workflow", {"name": "patient"})]},
        play=plays.cancel_waiting,
        stored={"patient": {"blocks": [_steer("w", "wait")]}},
    ),
    "compensation": Construct(
        {
            "steps": [
                _noop("a", config=1, compensate={"type": "noop", "config": "{{ a }}"}),
                _noop("b", config=2, compensate=_FAILS),
                _noop("c", for_each={"items": [1, 2]}, compensate={"type": "noop", "config": "{{ item }}"}),
                {"id": "d", **_FAILS},
            ]
        }
    ),
    "on-failure": Construct(
        {
            "steps": [_noop("a"), {"id": "b", **_FAILS}],
            "on_failure": [_noop("x", config="{{ error.code }}"), _noop("y", config="{{ x }}")],
        }
    ),
    "pause-and-resume": Construct(
        {"steps": [_steer("d", "delay", {"for": "500ms"}), _noop("b"), _noop("c")]}, play=plays.pause_and_resume
    ),
    "limit-queue": Construct(
        {"blocks": [_steer("w", "wait", {"signal": "go"})], "concurrency": {"max": 1, "key": "{{ input }}"}},
        "k",
        plays.second_in_the_queue,
    ),
    "limit-reject": Construct(
        {"blocks": [_steer("w", "wait", {"signal": "go"})], "concurrency": {"max": 1, "on_limit": "reject"}},
        play=plays.second_in_the_queue,
    ),
    **{
        f"overlap-{overlap}": Construct(
            {
                "blocks": [_steer("w", "wait", {"signal": "go"})],
                "triggers": [{"id": "often", "type": "schedule", "cron": "* * * * * *", "overlap": overlap}],
            },
            play=plays.second_of_a_schedule,
        )
        for overlap in ("queue", "replace")
    },
    "rate": Construct({"blocks": [_noop("a")], "rate_limit": {"max": 1, "per": "500ms"}}, play=plays.second_at_once),
    "type-limit": Construct(
        {"blocks": [{"id": name, "type": LIMITED, "config": {"for": "100ms"}} for name in ("a", "b")]}
    ),
    "run-timeout-compensation": Construct(
        {
            "steps": [
                _noop("a", config=1, compensate={"type": "noop", "config": "{{ a }}"}),
                {"id": "b", "type": "sleep", "config": {"for": "1h"}},
            ],
            "timeout": "400ms",
            "on_failure": [_noop("x", config="{{ error.code }}")],
        }
    ),
    "retry-with-reuse": Construct(
        {
            "steps": [
                _noop("a", config={"n": 1}),
                _noop("each", for_each={"items": [1, 2]}, config="{{ item }}"),
                _steer("w", "wait", {"signal": "go"}),
                _noop("b", config=["{{ a.n }}", "{{ each }}"]),
            ]
        },
        play=plays.retry,
    ),
    "script": Construct(
        {
            "blocks": [
                _steer("s", "script", {"source": _PROGRAM, "args": "{{ input }}"}),
                _noop("b", config="{{ s.sum }}"),
            ]
        },
        4,
        plays.signal_at_once,
    ),
    "script-failure": Construct(
        {
            "blocks": [
                _steer(
                    "s",
                    "script",
                    {
                        "source": "async function main() { sleep('1h'); await step('noop'); throw new Error('no'); }",
                        "concurrency": 2,
                    },
                ),
                _noop("b", "s.error", config="{{ error.task }}"),
            ]
        }
    ),
    "plain": Construct(
        {
            "blocks": [
                _steer("a", "transform", {"set": {"text": "{{ input }}", "n": "{{ input.length }}"}}),
                _noop("b", config={"n": "{{ a.n }}"}),
                _noop("each", for_each={"items": [1, 2]}, config="{{ item }}"),
                _noop("whole", config="{{ a }}", on_error="continue"),
            ]
        },
        "x" * 70_000,
    ),
    "at": Construct({"blocks": [_noop("a")]}, play=plays.start_later),
}
