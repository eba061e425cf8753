"""Slices of programs in Python."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic_monty import Monty

from gnatwork_blocks.program_steps import step_digest, step_name
from gnatwork_blocks.python.slices import PythonSlice

MARK = "0123456789abcdef"
BEGAN = 1_700_000_000_000


@pytest.fixture(scope="module")
def pool() -> Iterator[Monty]:
    with Monty(min_processes=1, max_processes=1) as pool:
        yield pool


class Program:
    """A program, and all that is known of its steps."""

    def __init__(self, pool: Monty, source: str, args: Any = None) -> None:
        self.pool, self.source, self.args = pool, source, args
        self.texts: list[str] = []
        self.outcomes: list[list[Any]] = []
        self.seen: int | None = None
        self.logs: list[str] = []
        self.snapshot: str | None = None
        self.heard = 0

    def slice(self, *, room: int = 100, seconds: float = 5.0, on: bool = False) -> Any:
        """Run it from its beginning, or go on where it stands: its answer, or the error of it."""
        steps = [json.loads(text) for text in self.texts]
        known = [(step_digest(text, MARK), step_name(*step)) for text, step in zip(self.texts, steps, strict=True)]
        request = {"program": self.source, "function": "main", "mark": MARK, "known": known, "first": 0}
        request |= {"room": room, "timeout": seconds}
        heard = self.heard if on else 0
        task = {"args": self.args, "info": {"run_id": "r"}, "began": BEGAN, "seed": "7", "known": len(known)}
        task |= {"seen": self.seen, "first": 0, "mark": MARK, "outcomes": self.outcomes[heard:]}
        task |= {"snapshot": self.snapshot if on else None}
        found = json.loads(PythonSlice(request, json.dumps(task).encode()).answer(self.pool))
        if "error" in found:
            return found
        self.seen = self.heard = len(self.outcomes)
        self.snapshot = found["value"].get("snapshot")
        self.logs += [line for _, line in found["value"]["logs"]]
        return found["value"]

    def take(self, answer: Any) -> list[Any]:
        """Its new steps are under way: type, config and options of each."""
        self.texts += [text for text, _ in answer["asked"]]
        return [json.loads(text)[1:] for text, _ in answer["asked"]]

    def settle(self, number: int, value: Any = None, *, code: str | None = None) -> None:
        """A step has come to this value or error, ten milliseconds after the one before."""
        outcome = value if code is None else {"code": code, "message": "it failed", "retryable": False}
        self.outcomes.append([number, BEGAN + 10 * len(self.outcomes) + 10, code is not None, outcome])

    def play(self, *, on: bool = False) -> Any:
        """Settle its steps with their configs, the oldest first, until it ends: what it yields, or its error."""
        while True:
            answer = self.slice(on=on)
            if "error" in answer:
                return answer["error"]
            if (end := answer["end"]) is not None:
                return end["error"] if "error" in end else json.loads(end["value"])
            self.take(answer)
            settled = {number for number, *_ in self.outcomes}
            number = min(set(range(len(self.texts))) - settled)
            _, type_, config, _ = json.loads(self.texts[number])
            self.settle(number, config, code="boom.happened" if type_ == "boom" else None)


def indented(*lines: str, coroutine: bool = True) -> str:
    head = "async def main(args):" if coroutine else "def main(args):"
    return "import asyncio\n" + head + "\n" + "\n".join(f"    {line}" for line in lines) + "\n"


BOTH = pytest.mark.parametrize("on", [False, True], ids=["replayed", "going on"])


def test_a_program_waits_for_its_step(pool: Monty) -> None:
    program = Program(pool, indented("return await step('echo', {'n': args['n']}, timeout=5)"), {"n": 1})
    answer = program.slice()
    ((text, line),) = answer["asked"]
    assert (json.loads(text), line) == (["task", "echo", {"n": 1}, {"timeout": 5}], 3)
    program.take(answer)
    program.settle(0, {"n": 2})
    assert json.loads(program.slice()["end"]["value"]) == {"n": 2}


@BOTH
@pytest.mark.parametrize(
    "source",
    [
        indented("a, b = await asyncio.gather(step('x', 1), step('y', 2))", "return a + b"),
        indented("return await step('x', 1) + await step('y', 2)"),
        indented("return step('x', 1) + step('y', 2)", coroutine=False),
        indented("return finish(await step('x', 3))"),
        indented("try:", "  await step('boom')", "except Exception as e:", "  return error_of(e)['code'].find('m')"),
        indented("try:", "    step('boom')", "except RuntimeError as e:", "    return 3", coroutine=False),
        indented("await asyncio.sleep(5)", "await sleep('1h')", "return 3"),
        indented("import time", "time.sleep(5)", "return 3", coroutine=False),
    ],
)  # fmt: skip
def test_ways_to_write_it(pool: Monty, source: str, on: bool) -> None:
    assert Program(pool, source).play(on=on) == 3


@BOTH
def test_outcomes_are_told_in_the_order_in_which_they_came(pool: Monty, on: bool) -> None:
    lines = ["order = []", "async def go(name):", "    await step(name)", "    order.append(name)"]
    lines += ["    await step(name * 2)", "await asyncio.gather(go('a'), go('b'))", "return order"]
    program = Program(pool, indented(*lines))
    program.take(program.slice())
    program.settle(1)
    assert program.take(program.slice(on=on)) == [["bb", {}, {}]]
    program.settle(0)
    assert program.take(program.slice(on=on)) == [["aa", {}, {}]]
    program.settle(2)
    program.settle(3)
    assert json.loads(program.slice(on=on)["end"]["value"]) == ["b", "a"]


def test_sleeps_signals_and_runs(pool: Monty) -> None:
    calls = "sleep('2h'), wait_signal('ok', timeout='1d'), run('child', {'n': 1}, wait=False)"
    program = Program(pool, indented(f"await asyncio.gather({calls})"))
    assert [json.loads(text) for text, _ in program.slice()["asked"]] == [
        ["delay", "delay", {"for": "2h"}, {}],
        ["wait", "wait", {"timeout": "1d", "schema": None, "signal": "ok"}, {}],
        ["workflow", "workflow", {"name": "child", "input": {"n": 1}}, {"wait": False}],
    ]


@pytest.mark.parametrize("next_", ["'after'", "after"])
def test_going_over_to_another_function(pool: Monty, next_: str) -> None:
    program = Program(pool, f"def after(memory):\n  pass\ndef main(args):\n  return transition({next_}, {{'n': 1}})")
    end = program.slice()["end"]
    assert (end["next"], json.loads(end["value"])) == ("after", {"n": 1})


@BOTH
def test_the_clock_and_chance_are_the_same_in_each_replay(pool: Monty, on: bool) -> None:
    lines = [
        "import random, datetime, time",
        "a = [time.time(), str(datetime.datetime.now()), random.random(), uuid()]",
    ]
    lines += ["await step('x', a)", "return [a, time.time(), random.random(), uuid(), str(datetime.date.today())]"]
    first, again = Program(pool, indented(*lines)), Program(pool, indented(*lines))
    found = first.play(on=on)
    assert found == again.play()
    assert found[0][:2] == [BEGAN / 1000, "2023-11-14 22:13:20"]
    assert found[1] == BEGAN / 1000 + 0.01
    assert found[2] != found[0][2]
    assert found[3] != found[0][3]


@BOTH
def test_an_error_of_a_step_ends_the_program_as_it_is(pool: Monty, on: bool) -> None:
    error = Program(pool, indented("await step('echo')", "await step('boom')")).play(on=on)
    assert error["code"] == "boom.happened"


@pytest.mark.parametrize(
    ("source", "code", "told"),
    [
        (indented("return lost"), "script.failed", "NameError: name 'lost' is not defined (line 3)"),
        (indented("raise ValueError('no')"), "script.failed", "ValueError: no (line 3)"),
        (indented("return {1, 2}"), "script.failed", "not JSON"),
        (indented("step()"), "script.failed", "step() missing"),
        (indented("await step('x', {1})"), "script.failed", "not JSON serializable"),
        ("def main(:", "code.syntax", "line 1"),
        ("class A(B):\n    pass\n", "code.syntax", "does not know class inheritance"),
        ("def other(args):\n    pass\n", "script.invalid", "no function `main`"),
        ("step('x')\ndef main(args):\n    pass\n", "script.failed", "inside of functions"),
        (indented("open('/etc/passwd')"), "script.failed", "PermissionError"),
        (indented("import socket"), "script.failed", "No module named"),
    ],
)
def test_what_a_program_does_wrong_is_its_error(pool: Monty, source: str, code: str, told: str) -> None:
    error = Program(pool, source).play()
    assert error["code"] == code
    assert told in error["message"]


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        (indented("while True:", "    pass"), {"code.timeout"}),
        (indented("a = []", "while True:", "    a.append('x' * 10**6 + str(len(a)))"), {"code.memory"}),
        (indented("def f():", "    return f()", "f()"), {"script.failed", "code.memory"}),
        (indented("return 'x' * 9_000_000"), {"code.too_large"}),
    ],
)
def test_a_hostile_program_only_hurts_itself(pool: Monty, source: str, codes: set[str]) -> None:
    answer = Program(pool, source).slice(seconds=0.5)
    error = answer["error"] if "error" in answer else answer["end"]["error"]
    assert error["code"] in codes
    assert Program(pool, indented("return 1")).play() == 1


def test_who_asks_without_end_is_heard_out_as_far_as_there_is_room(pool: Monty) -> None:
    answer = Program(pool, indented("while True:", "    step('x')")).slice(room=2)
    assert (len(answer["asked"]), answer["more"], "snapshot" in answer) == (2, True, False)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("await step('other')", "Step 0 was `echo` when the program ran before, and now is `other`"),
        ("await step('echo', 2)", "and now has another config or other options"),
        ("return", "and now the program does not ask for it"),
    ],
)
def test_a_program_that_asks_for_something_else_than_before_is_found_out(pool: Monty, now: str, told: str) -> None:
    program = Program(pool, indented("await step('echo', 1)"))
    program.take(program.slice())
    program.source = indented(now)
    error = program.slice()["error"]
    assert error["code"] == "script.nondeterministic"
    assert told in error["message"]


@BOTH
def test_what_is_told_is_told_once(pool: Monty, on: bool) -> None:
    program = Program(pool, indented("print('first', 1)", "await step('x')", "print('second')", "await step('y')"))
    program.play(on=on)
    assert program.logs == ["first 1", "second"]


@BOTH
def test_there_is_room_for_so_many_steps_and_the_others_come_later(pool: Monty, on: bool) -> None:
    program = Program(pool, indented("return len(await asyncio.gather(*[step('x', n) for n in range(3)]))"))
    answer = program.slice(room=2)
    assert (program.take(answer), answer["more"]) == ([["x", 0, {}], ["x", 1, {}]], True)
    program.settle(0)
    answer = program.slice(room=1, on=on)
    assert (program.take(answer), answer["more"]) == ([["x", 2, {}]], False)
    assert program.play(on=on) == 3


def test_a_template_is_a_text_between_marks(pool: Monty) -> None:
    program = Program(pool, indented("await step('x', {'a': f\"B {template('{{ connections.ops.token }}')}\"})"))
    ((_, config, _),) = program.take(program.slice())
    assert config == {"a": f"B {MARK}<{{{{ connections.ops.token }}}}>{MARK}"}
