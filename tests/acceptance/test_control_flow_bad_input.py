"""What is wrong with steering and scripts is refused before anything runs, or is the clear error of one task.

Whatever a script does, the executors are there afterwards.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.installation import Installation
from support.running import block, ended, noop, run_of

from gnatwork import Client


@pytest.fixture(scope="module", autouse=True)
async def executors(installation: Installation, client: Client) -> AsyncIterator[None]:
    """The executor of scripts is the same process after all that."""
    pid = installation.pid_of("executor-logic")
    yield
    assert installation.pid_of("executor-logic") == pid
    assert (await run_of(client, block("sum", "transform", {"expression": "1 + 1"}))).output == {"sum": 2}


def loop(**config: Any) -> dict[str, Any]:
    return block("it", "loop", config, blocks=[noop("x")])


REFUSED = {
    "template in when": (noop("a", when="{{ input.x }}"), "/when", "write `input.x` without braces"),
    "no expression": (noop("a", when="input.x >"), "/when", "not a JavaScript expression"),
    "statement": (block("a", "transform", {"expression": "while (true) {}"}), "/config/expression", "a statement"),
    "unknown name": (noop("a", when="innput.x"), "/when", "did you mean `input`"),
    "no node": (block("a", "transform", {"expression": "require('fs')"}), "/config/expression", "`require`"),
    "no import": (block("a", "transform", {"expression": "import('fs')"}), "/config/expression", "import"),
    "item outside": (noop("a", config="{{ item }}"), "/config", "inside a loop"),
    "two kinds of loop": (loop(items=[], until="true"), "/config", "just one of them"),
    "no kind of loop": (loop(), "/config", "just one of them"),
    "loop without blocks": (block("a", "loop", {"items": []}), "", "there are no `blocks`"),
    "while that sees inside": (loop(**{"while": "x.y"}), "/config/while", "x"),
    "delay of both": (block("a", "delay", {"for": "1s", "until": "2030-01-01T00:00:00Z"}), "/config", "just one"),
    "bad time": (block("a", "delay", {"until": "tomorrow"}), "/config/until", "RFC 3339"),
    "bad schema": (block("a", "wait", {"schema": {"type": "nope"}}), "/config/schema/type", "not a JSON Schema"),
    "retry of a group": (
        {"id": "g", "type": "group", "blocks": [noop("x")], "retry": {"max_attempts": 2}},
        "/retry",
        "no effect",
    ),
    "items that are no array": (noop("a", for_each={"items": 3}), "/for_each/items", "array"),
}


@pytest.mark.parametrize(("written", "pointer", "message"), REFUSED.values(), ids=REFUSED)
async def test_a_mistake_is_named_at_its_place(
    client: Client, written: dict[str, Any], pointer: str, message: str
) -> None:
    with pytest.raises(Exception, match=r"^[A-Z]") as refused:
        await client.start({"blocks": [written]})
    place, _, said = next(line for line in str(refused.value).splitlines() if line.startswith("  ")).partition(": ")
    assert place.strip() == f"/workflow/definition/blocks/0{pointer}"
    assert message in said


async def test_the_command_line_names_it_too(installation: Installation) -> None:
    definition = json.dumps({"blocks": [noop("a", when="{{ input.x }}")]})
    refused = await installation.gnatwork("run", "start", "-", "--wait", stdin=definition)
    assert (refused.code, refused.out) == (1, "")
    assert "/blocks/0/when" in refused.err
    assert "Traceback" not in refused.err


#: Scripts that are up to no good, and what becomes of them.
HOSTILE = {
    "endless": ("(() => { while (true) {} })()", "code.timeout"),
    "regular expression": ("/^(a+)+$/.test('a'.repeat(40) + 'b')", "code.timeout"),
    "huge join": ("new Array(4294967295).join('')", "code.timeout"),
    "huge reverse": ("[].reverse.call({length: 2 ** 53 - 1})", "code.timeout"),
    "huge text": ("'x'.repeat(2 ** 29)", "code.memory"),
    "huge array": ("Array.from({length: 1e7}, (_, i) => ({i}))", "code.memory"),
    "deep": ("(function f() { return f() })()", "code.error"),
    "deep JSON": ("JSON.parse('['.repeat(100000))", "code.error"),
    "circle": ("(() => { const a = []; a[0] = a; return a })()", "code.error"),
    "never resolved": ("new Promise(() => {})", "code.error"),
    "throws": ("(() => { throw new Error('on purpose') })()", "code.error"),
}


async def test_hostile_scripts_fail_alone(client: Client) -> None:
    runs = {
        name: await client.start({"blocks": [block("t", "transform", {"expression": script})]})
        for name, (script, _) in HOSTILE.items()
    }
    found = dict(zip(runs, await asyncio.gather(*map(ended, runs.values())), strict=True))
    assert {name: one.code for name, one in found.items()} == {name: code for name, (_, code) in HOSTILE.items()}
    assert "on purpose" in found["throws"].message


async def test_what_a_script_breaks_is_broken_for_itself_alone(client: Client) -> None:
    breaking = (
        "(Object.prototype.polluted = 1, 0)",
        "(({}).__proto__.polluted = 1, 0)",
        "(Array.prototype.map = null, 0)",
        "(JSON.stringify = () => 'broken', 0)",
        "Object.freeze(Object.prototype)",
    )
    for script in breaking:
        await run_of(client, block("t", "transform", {"expression": script}))
    done = await run_of(client, block("t", "transform", {"expression": "[({}).polluted ?? null].map(x => x)"}))
    assert done.output == {"t": [None]}


@pytest.mark.parametrize(
    ("written", "value", "code", "message"),
    [
        (block("l", "loop", {"while": "true", "max_iterations": 5}, blocks=[noop("x")]), None, "loop.too_many", "5"),
        (noop("a", for_each={"items": "{{ input }}"}), {"a": 1}, "loop.not_an_array", "an object"),
        (noop("a", for_each={"items": "{{ input }}"}), None, "loop.not_an_array", "null"),
        (noop("a", for_each={"items": "{{ input }}", "max_items": 2}), [1, 2, 3], "loop.too_many", "3"),
        (block("d", "delay", {"for": "{{ input }}"}), "soon", "block.config_invalid", "duration"),
        (block("d", "delay", {"until": "{{ input }}"}), "soon", "block.config_invalid", "time"),
        (block("w", "wait", {"signal": "{{ input }}"}), "No Name", "block.config_invalid", "no name of a signal"),
        (noop("a", when="input.x.y"), {}, "code.error", "TypeError"),
    ],
)
async def test_what_shows_only_when_it_runs_is_the_error_of_that_task(
    client: Client, written: dict[str, Any], value: Any, code: str, message: str
) -> None:
    failed = await run_of(client, written, value=value)
    assert (failed.status, failed.code) == ("failed", code)
    assert message in failed.message
    error = (await failed.run.get()).error
    assert error
    assert error.task
    assert error.task.partition(":")[0] == written["id"]
