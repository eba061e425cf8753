"""Slices of programs in JavaScript: what they ask for, how they are told of outcomes, what they can't do."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gnatwork_blocks.javascript.slices import Slices
from gnatwork_blocks.program_steps import step_digest, step_name

MARK = "0123456789abcdef"
BEGAN = 1_700_000_000_000


class Program:
    """A program, and all that is known of its steps."""

    def __init__(self, source: str, args: Any = None, **fields: Any) -> None:
        self.source, self.args, self.fields = source, args, fields
        self.texts: list[str] = []
        self.outcomes: list[list[Any]] = []
        self.seen: int | None = None
        self.logs: list[str] = []

    def replay(self, *, room: int = 100, seconds: float = 5.0) -> Any:
        """Run it from its beginning: its answer, or the error of it."""
        steps = [json.loads(text) for text in self.texts]
        known = [(step_digest(text, MARK), step_name(*step)) for text, step in zip(self.texts, steps, strict=True)]
        request = {"program": self.source, "function": "main", "mark": MARK, "known": known, "first": 0}
        request |= {"room": room, "timeout": seconds, "keep": "next", "resume": None}
        task = {"args": self.args, "info": {"run_id": "r"}, "began": BEGAN, "seed": "7", "known": len(known)}
        task |= {"seen": self.seen, "seen_before": 0, "first": 0, "room": room, "told": 10_000, "line": 100}
        task |= {"mark": MARK, "outcomes": self.outcomes}
        found = json.loads(Slices().answer(request | self.fields, json.dumps(task).encode()))
        if "error" in found:
            return found
        self.seen = len(self.outcomes)
        self.logs += [line for _, line in found["value"]["logs"]]
        return found["value"]

    def take(self, answer: Any) -> list[Any]:
        """Its new steps are under way: type and config of each."""
        self.texts += [text for text, _ in answer["asked"]]
        return [json.loads(text)[1:3] for text, _ in answer["asked"]]

    def settle(self, number: int, value: Any = None, *, code: str | None = None) -> None:
        """A step has come to this value or error, ten milliseconds after the one before."""
        outcome = value if code is None else {"code": code, "message": "it failed", "retryable": False}
        self.outcomes.append([number, BEGAN + 10 * len(self.outcomes) + 10, code is not None, outcome])

    def play(self, outcome: Callable[[str, Any], Any] = lambda _, config: config) -> Any:
        """Settle its steps one by one, the oldest first, until it ends; JSON of what it yields, or its error."""
        while True:
            answer = self.replay()
            if "error" in answer:
                return answer["error"]
            if (end := answer["end"]) is not None:
                return end["error"] if "error" in end else json.loads(end["value"])
            self.take(answer)
            settled = {number for number, *_ in self.outcomes}
            number = min(set(range(len(self.texts))) - settled)
            _, type_, config, _ = json.loads(self.texts[number])
            if type_ == "boom":
                self.settle(number, code="boom.happened")
            else:
                self.settle(number, outcome(type_, config))


def test_a_program_waits_for_its_step() -> None:
    program = Program("async function main(args) { return await step('echo', {n: args.n}, {timeout: 5}); }", {"n": 1})
    answer = program.replay()
    ((text, line),) = answer["asked"]
    assert (json.loads(text), line) == (["task", "echo", {"n": 1}, {"timeout": 5}], 1)
    assert (answer["end"], answer["more"]) == (None, False)
    program.take(answer)
    program.settle(0, {"n": 2})
    assert json.loads(program.replay()["end"]["value"]) == {"n": 2}


@pytest.mark.parametrize(
    "source",
    [
        "async function main() { const [a, b] = await Promise.all([step('x', 1), step('y', 2)]); return a + b; }",
        "async function main() { const [a, b] = await all([step('x', 1), step('y', 2)]); return a + b; }",
        "const main = async () => (await step('x', 1)) + (await step('y', 2));",
        "function main() { return stepSync('x', 1) + stepSync('y', 2); }",
        "var main = () => step('x', 1).then((a) => step('y', 2).then((b) => a + b));",
        "async function main() { const both = [step('x', 1), step('y', 2)]; return await both[1] + await both[0]; }",
        "async function main() { return finish(await step('x', 3)); }",
        "async function main() { try { await step('boom'); } catch (error) { return error.step + 3; } }",
        "function main() { try { stepSync('boom'); } catch (error) { return error.code.length - 10; } }",
    ],
)
def test_ways_to_write_it(source: str) -> None:
    assert Program(source).play() == 3


def test_what_is_asked_at_once_goes_out_at_once() -> None:
    program = Program("async function main() { await Promise.allSettled([1, 2, 3].map((n) => step('x', {n}))); }")
    assert program.take(program.replay()) == [["x", {"n": 1}], ["x", {"n": 2}], ["x", {"n": 3}]]


def test_outcomes_are_told_in_the_order_in_which_they_came() -> None:
    source = """
        async function main() {
          const order = [];
          await Promise.all(["a", "b"].map(async (name) => {
            await step(name);
            order.push(name);
            await step(name + name);
          }));
          return order;
        }
    """
    program = Program(source)
    program.take(program.replay())
    program.settle(1)
    assert program.take(program.replay()) == [["bb", {}]]
    program.settle(0)
    # In a replay `a` is known as early as `b`, and still comes second.
    assert program.take(program.replay()) == [["aa", {}]]
    program.settle(2)
    program.settle(3)
    assert json.loads(program.replay()["end"]["value"]) == ["b", "a"]


def test_the_first_of_a_race_wins_in_each_replay() -> None:
    program = Program("async function main() { return await Promise.race([step('slow'), step('quick')]); }")
    program.take(program.replay())
    program.settle(1, "quick")
    program.settle(0, "slow")
    assert json.loads(program.replay()["end"]["value"]) == "quick"


def test_sleeps_signals_and_runs() -> None:
    program = Program("""
        async function main() {
          await all([sleep("2h"), waitSignal("ok", {timeout: "1d"}), run("child", {n: 1}, {wait: false})]);
        }
    """)
    assert [json.loads(text) for text, _ in program.replay()["asked"]] == [
        ["delay", "delay", {"for": "2h"}, {}],
        ["wait", "wait", {"timeout": "1d", "signal": "ok"}, {}],
        ["workflow", "workflow", {"name": "child", "input": {"n": 1}}, {"wait": False}],
    ]


@pytest.mark.parametrize("next_", ["'after'", "after"])
def test_going_over_to_another_function(next_: str) -> None:
    program = Program(f"async function main() {{ return transition({next_}, {{n: 1}}); }} function after(memory) {{}}")
    end = program.replay()["end"]
    assert (end["next"], json.loads(end["value"])) == ("after", {"n": 1})


def test_an_error_of_a_step_is_caught_or_ends_the_program_as_it_is() -> None:
    caught = """
        async function main() {
          try { await step("boom"); } catch (error) {
            return [error instanceof StepError, error.code, error.message, error.retryable, error.step];
          }
        }
    """
    assert Program(caught).play() == [True, "boom.happened", "it failed", False, 0]
    error = Program("async function main() { await step('echo'); await step('boom'); }").play()
    assert error["code"] == "boom.happened"


@pytest.mark.parametrize(
    ("source", "code", "told"),
    [
        ("async function main() {\n  lost.field;\n}", "script.failed", "ReferenceError: lost is not defined (line 2)"),
        ("function main() { throw new Error('no'); }", "script.failed", "Error: no (line 1)"),
        ("function main() { throw {a: 1}; }", "script.failed", '{"a":1}'),
        ("function main() { return 1n; }", "script.failed", "BigInt"),
        ("function main() { const a = {}; a.a = a; return a; }", "script.failed", "circular"),
        ("function main( {", "code.syntax", "SyntaxError"),
        ("function other() {}", "script.invalid", "no function `main`"),
        ("async function main() { await new Promise(() => {}); }", "script.stuck", "nothing will resolve"),
        ("function main() { const f = () => f() + 1; f(); }", "script.failed", "call stack"),
        ("async function main() { await step('x', 1n); }", "script.failed", "BigInt"),
    ],
)  # fmt: skip
def test_what_a_program_does_wrong_is_its_error(source: str, code: str, told: str) -> None:
    error = Program(source).play()
    assert error["code"] == code
    assert told in error["message"]


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ("function main() { for (;;); }", ["code.timeout"]),
        ("async function main() { for (;;) await 0; }", ["code.timeout"]),
        ("async function main() { for (;;) { try { stepSync('x'); } catch {} } }", ["code.timeout"]),
        ("function main() { for (;;) step('x'); }", ["code.timeout", "code.memory", "script.failed"]),
        ("function main() { const a = []; for (;;) a.push('x'.repeat(1e6) + a.length); }", ["code.memory"]),
        ("function main() { return 'x'.repeat(9e6); }", ["code.too_large"]),
        ("async function main() { Array.prototype.toJSON = () => 1; await step('x'); }", ["script.failed"]),
    ],
)
def test_a_hostile_program_only_hurts_itself(source: str, codes: Sequence[str]) -> None:
    answer = Program(source).replay(seconds=0.5)
    error = answer["error"] if "error" in answer else answer["end"]["error"]
    assert error["code"] in codes


@pytest.mark.parametrize(
    "source",
    [
        "JSON.stringify = JSON.parse = null; Promise = null; async function main() { return await step('x', 7); }",
        "Promise.prototype.then = () => { throw 1; }; async function main() { return await step('x', 7); }",
        "Math.floor = null; String.prototype.slice = null; async function main() { return await step('x', 7); }",
        "function step() { return 7; } async function main() { return await step('x'); }",
        "async function main() { try { stepSync('x', 7); } catch { return 8; } return 7; }",
        "Error = null; TypeError = null; async function main() { return await step('x', 7); }",
    ],
)
def test_what_a_program_overwrites_it_overwrites_for_itself(source: str) -> None:
    assert Program(source).play() == 7


def test_the_clock_stands_at_the_latest_outcome() -> None:
    program = Program("""
        async function main() {
          const before = [Date.now(), +new Date(), performance.now(), new (new Date().constructor)().getTime()];
          await step("x");
          return [before, Date.now(), performance.now(), new Date(0).getTime(), new Date() instanceof Date];
        }
    """)
    assert program.play() == [[BEGAN, BEGAN, 0, BEGAN], BEGAN + 10, 10, 0, True]


def test_chance_is_the_same_in_each_replay_and_another_with_another_seed() -> None:
    source = "async function main() { const a = [Math.random(), uuid()]; await step('x', a); return a; }"
    first, again = Program(source), Program(source)
    assert first.play() == again.play()
    value, id_ = first.play()
    assert 0 <= value < 1
    assert len(id_) == 36
    assert id_[14] == "4"


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("step('other')", "Step 0 was `echo` when the program ran before, and now is `other`"),
        ("step('echo', 2)", "and now has another config or other options"),
        ("sleep(1)", "and now is `delay`"),
        ("0", "and now the program does not ask for it"),
    ],
)
def test_a_program_that_asks_for_something_else_than_before_is_found_out(now: str, told: str) -> None:
    program = Program("async function main() { await step('echo', 1); }")
    program.take(program.replay())
    program.source = f"async function main() {{ await {now}; }}"
    error = program.replay()["error"]
    assert error["code"] == "script.nondeterministic"
    assert told in error["message"]
    assert error["details"]["step"] == 0


def test_what_is_told_is_told_once() -> None:
    program = Program("""
        async function main() {
          console.log("first", {a: 1});
          await step("x");
          console.warn("second");
          await step("y");
          console.log("third", new Error("oh"));
        }
    """)
    program.play()
    assert program.logs == ['first {"a":1}', "second", "third Error: oh"]


def test_a_log_is_bounded() -> None:
    program = Program("function main() { for (let i = 0; i < 1000; i++) console.log('x'.repeat(500)); }")
    answer = program.replay()
    assert max(len(line) for _, line in answer["logs"]) == 100
    assert len(answer["logs"]) + answer["omitted"] == 1000


def test_there_is_room_for_so_many_steps_and_the_others_come_later() -> None:
    program = Program("async function main() { return (await all([1, 2, 3].map((n) => step('x', n)))).length; }")
    answer = program.replay(room=2)
    assert (program.take(answer), answer["more"]) == ([["x", 1], ["x", 2]], True)
    program.settle(0)
    answer = program.replay(room=1)
    assert (program.take(answer), answer["more"]) == ([["x", 3]], False)
    assert program.play() == 3


def test_a_template_is_a_text_between_marks() -> None:
    program = Program("async function main() { await step('x', {a: 'B ' + template('{{ connections.ops.token }}')}); }")
    ((_, config),) = program.take(program.replay())
    assert config == {"a": f"B {MARK}<{{{{ connections.ops.token }}}}>{MARK}"}


def test_digests_do_not_depend_on_marks() -> None:
    text = '["task","x",{"a":"%s<t>%s"},{}]'
    assert step_digest(text % ("m1", "m1"), "m1") == step_digest(text % ("m2", "m2"), "m2")
    # Runs that are under way have it in their histories.
    assert step_digest('["task","fetch",{"url":"https://example.com"},{}]', "m") == "cc6b07759f05fcb7"


def test_a_program_goes_on_where_it_stands() -> None:
    slices = Slices()
    source = "let runs = 0; async function main() { runs++; await step('a'); await step('b'); return runs; }"
    program = Program(source)
    request: dict[str, Any] = {
        "program": source,
        "function": "main",
        "mark": MARK,
        "known": [],
        "first": 0,
        "room": 9,
        "timeout": 5.0,
    }
    task: dict[str, Any] = {
        "args": None,
        "info": {},
        "began": BEGAN,
        "seed": "7",
        "known": 0,
        "seen": None,
        "seen_before": 0,
        "first": 0,
    }
    task |= {"room": 9, "told": 1000, "line": 100, "mark": MARK, "outcomes": []}

    def ask(resume: str | None, keep: str) -> Any:
        return json.loads(slices.answer({**request, "resume": resume, "keep": keep}, json.dumps(task).encode()))

    for number, (resume, keep) in enumerate([(None, "one"), ("one", "two"), ("two", "three")]):
        value = ask(resume, keep)["value"]
        if value["end"]:
            break
        assert value["snapshot"] == keep
        program.take(value)
        request["known"] = [(step_digest(text, MARK), "x") for text in program.texts]
        task |= {
            "known": len(program.texts),
            "seen": number,
            "seen_before": number,
            "outcomes": [[number, BEGAN, False, 1]],
        }
    assert json.loads(value["end"]["value"]) == 1
    assert ask("one", "four") == {"missing": True}
