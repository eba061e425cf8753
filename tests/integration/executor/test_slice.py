"""The implicit task `slice`, with the engine played by hand."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from support.executing import Scheduler, hosting
from support.slicing import Play, StepFailed, announce

from gnatwork_engine.deferred import resolve, stored_of
from gnatwork_schemas.implicit import NewStep, slice_name
from gnatwork_schemas.payload import is_reference
from gnatwork_schemas.subjects import live_task

Begin = Callable[..., Play]

JAVASCRIPT = """
    async function main(args) {
      console.log("begins with", args.n);
      const first = await step("echo", {n: args.n});
      const both = await Promise.all([1, 2].map((i) => step("calc", {n: first.n + i})));
      console.log("ends");
      return {sum: both.reduce((sum, one) => sum + one.n, 0)};
    }
"""
PYTHON = """
import asyncio
async def main(args):
    print("begins with", args["n"])
    first = await step("echo", {"n": args["n"]})
    both = await asyncio.gather(*[step("calc", {"n": first["n"] + i}) for i in (1, 2)])
    print("ends")
    return {"sum": sum(one["n"] for one in both)}
"""
BOTH = pytest.mark.parametrize(("language", "source"), [("javascript", JAVASCRIPT), ("python", PYTHON)])


@pytest.fixture
async def begin(nats_url: str, scheduler: Scheduler) -> AsyncIterator[Begin]:
    """Begins runs of programs; an executor of `code` runs their slices."""
    await announce(scheduler, "echo", "calc", "boom", "code", "kv-put")
    async with hosting(nats_url, blocks=("code",)):
        yield lambda source, **fields: Play(scheduler, source, **fields)


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("javascript", "async function main() {\n  step('echo', {});\n  step('calc', {});\n  return 1;\n}"),
        ("python", "async def main(args):\n    step('echo', {})\n    step('calc', {})\n    return 1"),
    ],
)
async def test_steps_that_nobody_waits_for_are_told_of(begin: Begin, language: str, source: str) -> None:
    play = begin(source, language=language)
    assert (await play.to_end(echo)).output == 1
    told = await play.scheduler.wire.first(
        lambda seen: seen.subject.startswith(f"workflow.{play.work.run_id}.") and seen.subject.endswith(".log")
    )
    assert told.body["level"] == "warning"
    assert "`echo` (line 2), `calc` (line 3); is an `await` missing?" in told.body["message"]


def echo(step: NewStep) -> Any:
    """Steps yield their configs; those of the type `boom` fail."""
    if step.block.type == "boom":
        raise StepFailed("boom.happened")
    return step.block.config


@BOTH
async def test_a_program_goes_from_step_to_step(begin: Begin, language: str, source: str) -> None:
    play = begin(source, language=language, args={"n": 20})
    done = await play.to_end(echo)
    assert done.output == {"sum": 43}
    assert [step.name for step in play.past] == ["echo", "calc", "calc"]
    subjects = [live_task(play.work.run_id, slice_name("main", number), "log") for number in range(1, 9)]
    logs = play.scheduler.wire.all(lambda seen: seen.subject in subjects)
    assert [seen.body["message"] for seen in logs] == ["begins with 20", "ends"]


@BOTH
async def test_another_executor_goes_on(nats_url: str, scheduler: Scheduler, language: str, source: str) -> None:
    await announce(scheduler, "echo", "calc")
    play = Play(scheduler, source, language=language, args={"n": 20})  # type: ignore[arg-type]  # one of the two
    for _ in range(2):
        async with hosting(nats_url, blocks=("code",)):
            found = await play.slice()
            play.take(found)
            await play.settle(len(play.past) - 1, {"n": 20} if len(play.past) == 1 else {"n": 22})
    await play.settle(1, {"n": 21})
    async with hosting(nats_url, blocks=("code",)):
        assert (await play.slice()).output == {"sum": 43}


async def test_a_slice_that_runs_again_says_the_same(begin: Begin) -> None:
    play = begin(PYTHON, language="python", args={"n": 1})
    found = await play.slice()
    play.seen = None
    again = await play.slice()
    assert found == again
    play.take(found)
    assert (await play.to_end(echo)).output == {"sum": 5}


async def test_states_forget_what_came_before(begin: Begin) -> None:
    play = begin(
        """
        async function main(args) {
          const one = await step("echo", {n: 1});
          return transition(second, {n: one.n + args});
        }
        async function second(memory) {
          const two = await step("echo", {n: memory.n + 1});
          return two.n < 5 ? transition("second", two) : finish(two);
        }
    """,
        args=1,
    )
    done = await play.to_end(echo)
    assert done.output == {"n": 5}
    assert (play.function, play.first, len(play.past)) == ("second", 3, 1)


async def test_options_are_those_of_blocks(begin: Begin) -> None:
    play = begin("""
        async function main() {
          const more = {retry: {max_attempts: 3}, timeout: "2m"};
          await step("echo", {}, {...more, idempotent: false, priority: "high", name: "it"});
        }
    """)
    (step,) = (await play.slice()).steps
    block = step.block
    assert (block.retry.max_attempts, block.timeout, block.idempotent, block.lane) == (3, 120.0, False, "high")
    assert step.name == "echo it"


async def test_delays_waits_and_child_runs(begin: Begin) -> None:
    play = begin("""
        async function main() {
          await all([
            sleep("2h"),
            sleep(1.5),
            waitSignal("ok", {timeout: "1d", schema: {type: "string"}}),
            run("child", [1], {timeout: "1m"}),
          ]);
        }
    """)
    found = (await play.slice()).steps
    assert [(step.name, step.block.kind, step.block.config) for step in found] == [
        ("delay", "delay", {"for": 7200.0}),
        ("delay", "delay", {"for": 1.5}),
        ("wait ok", "wait", {"signal": "ok", "schema": {"type": "string"}, "timeout": 86400.0}),
        ("run child", "workflow", {"name": "child", "input": [1], "wait": True}),
    ]
    assert found[3].block.patience == 60.0


@pytest.mark.parametrize(
    ("call", "code", "told"),
    [
        ("step('unheard')", "block.unknown_type", "Step 0 (`unheard`, line 1): no executor has announced"),
        ("step('loop', {})", "block.unknown_type", "`loop` is no step"),
        ("step('delay', {})", "block.unknown_type", "call `sleep`"),
        ("step('slice', {})", "block.unknown_type", "`slice` is no step"),
        ("step('echo', 5)", "block.config_invalid", "Step 0 (`echo`, line 1): /config: must be an object"),
        ("step('echo', {}, {tries: 3})", "block.config_invalid", "there is no `tries`"),
        ("step('echo', {}, {timeout: 'soon'})", "block.config_invalid", "timeout"),
        ("sleep('soon')", "block.config_invalid", "duration"),
        ("waitSignal('No good')", "block.config_invalid", "can't be the name of a signal"),
        ("waitSignal('ok', {schema: {type: 'wrong'}})", "block.config_invalid", "`schema` is not a JSON Schema"),
        ("run('No good')", "block.config_invalid", "can't be the name of a workflow"),
        ("step('echo', {a: template('{{ input.x }}')})", "template.invalid", "connections and nothing else"),
        ("step('echo', {a: template('{{ ')})", "template.invalid", "expected a path"),
        ("run('child', template('{{ connections.a.b }}'))", "template.invalid", "can't be mentioned"),
        ("waitSignal(template('{{ connections.a.b }}'))", "template.invalid", "can't be mentioned"),
        ("step('*', {})", "block.unknown_type", "no executor has announced"),
        ("step('x'.repeat(70), {})", "block.unknown_type", "no executor has announced"),
        ("step('code', {input: template('{{ connections.a.b }}')})", "template.invalid", "as its `http.connection`"),
        ("step('kv-put', {value: template('{{ connections.a.b }}')})", "template.invalid", "in a `kv-put`"),
        ("step('echo', {a: template('{{ connections[\"No good\"].b }}')})", "template.invalid", "is none"),
        ("step('echo', JSON.parse('['.repeat(400) + ']'.repeat(400)))", "block.config_invalid", "nested too deep"),
    ],
)  # fmt: skip
async def test_steps_are_checked_before_any_begins(begin: Begin, call: str, code: str, told: str) -> None:
    error = await begin(f"async function main() {{ await {call}; }}").error()
    assert error["code"] == code
    assert told in error["message"]
    assert not error.get("retryable")


async def test_connections_are_mentioned_by_marked_texts_alone(begin: Begin) -> None:
    text = "{{ connections.ops.token }}"
    play = begin(
        """
        async function main(args) {
          const outside = await step("echo", {});
          await step("echo", {
            header: "Bearer " + template("{{ connections.ops.token }}"),
            data: args,
            more: outside,
            plain: "{{ connections.ops.token }}",
          });
          return template("{{ connections.ops.token }}");
        }
    """,
        args=text,
    )
    play.take(await play.slice())
    await play.settle(0, {"from outside": text})
    found = await play.slice()
    (step,) = found.steps
    assert step.deferred == ("/header",)
    config = resolve(step.block.config, step.deferred, {}, {"ops": {"token": "t0p"}})
    assert config == {"header": "Bearer t0p", "data": text, "more": {"from outside": text}, "plain": text}
    play.take(found)
    await play.settle(1)
    assert (await play.slice()).output == text


async def test_what_a_program_may_hand_code_is_where_it_asks_alone(begin: Begin) -> None:
    play = begin("""
        async function main() {
          await step("code", {
            language: "javascript",
            source: "function main() {}",
            http: {connection: template("{{ connections.shop }}")},
          });
        }
    """)
    assert (await play.slice()).steps[0].deferred == ("/http/connection",)


async def test_no_mark_gets_out_by_which_others_could_mark_texts(begin: Begin) -> None:
    play = begin("""
        async function main() {
          const text = template("{{ connections.a.b }}");
          const mark = text.slice(0, text.indexOf("<"));
          console.log(text.slice(0, 40));
          await step("echo", {cut: text.slice(0, 40), [mark]: mark}, {name: "a" + mark});
          return mark + "!";
        }
    """)
    found = await play.slice()
    (step,) = found.steps
    assert (step.name, step.block.config) == ("echo a", {"cut": "<{{ conn", "": ""})
    play.take(found)
    await play.settle(0)
    assert (await play.slice()).output == "!"
    subject = live_task(play.work.run_id, slice_name("main", 1), "log")
    assert (await play.scheduler.wire.first(lambda seen: seen.subject == subject)).body["message"] == "<{{ conn"


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("javascript", "function main(next) { return transition(next); }"),
        ("python", "def main(next):\n    return transition(next)"),
    ],
)
@pytest.mark.parametrize("name", ["(() => step('echo', {}))", "main or main", "a.b", "", "1", "x" * 200])
async def test_no_name_of_a_function_is_carried_out(begin: Begin, language: str, source: str, name: str) -> None:
    error = await begin(source, language=language, args=name).error()
    assert error["code"] == "script.invalid"
    assert "can't be the name of a function" in error["message"]


@pytest.mark.parametrize("left", ["x", "transition('main', x)"])
async def test_what_is_nested_deeper_than_others_can_read_is_refused(begin: Begin, left: str) -> None:
    source = "function main(n) {{ let x = 1; for (let i = 0; i < n; i++) x = [x]; return {}; }}"
    assert (await begin(source.format("x"), args=200).slice()).done
    error = await begin(source.format(left), args=3000).error()
    assert (error["code"], error["message"]) == ("script.too_large", "What the program yields is nested too deep.")


async def test_what_is_large_travels_apart(begin: Begin) -> None:
    play = begin(
        """
        async function main(args) {
          const key = template("{{ connections.a.b }}");
          await all([step("echo", {big: args, small: 1}), step("echo", {big: args, key})]);
          return {args};
        }
    """,
        args="x" * 5000,
    )
    found = await play.slice()
    assert len(found.model_dump_json()) < 3000
    whole, parts = found.steps
    assert (whole.deferred, parts.deferred) == (("",), ("/key", "/big"))
    (reference,) = stored_of(whole.block.config, whole.deferred)
    assert await play.opened({"$payload": reference.model_dump()}) == {"big": "x" * 5000, "small": 1}
    play.take(found)
    await play.settle(0)
    await play.settle(1)
    done = await play.slice()
    assert is_reference(done.output)
    assert await play.opened(done.output) == {"args": "x" * 5000}


async def test_many_steps_come_in_several_slices(begin: Begin) -> None:
    play = begin(
        """
        async function main() {
          await all(Array.from({length: 200}, (_, i) => step("echo", {text: "x".repeat(1000), i})));
        }
    """,
        room=200,
    )
    found = await play.slice()
    assert len(found.model_dump_json(exclude_defaults=True)) < 48 * 1024
    while found.more:
        play.take(found)
        play.room -= len(found.steps)
        found = await play.slice()
    play.take(found)
    assert play.slices > 2
    assert [step.block.model_dump()["config"]["i"] for step in play.steps] == list(range(200))


@BOTH
async def test_a_program_that_is_no_longer_the_same_is_found_out(begin: Begin, language: str, source: str) -> None:
    play = begin(source, language=language, args={"n": 1})
    play.take(await play.slice())
    play.source = source.replace('"echo"', '"calc"') + "\n"
    await play.publish()
    error = await play.error()
    assert error["code"] == "script.nondeterministic"
    assert error["details"] == {"step": 0, "was": "echo", "now": "calc"}


async def test_the_error_of_a_step_keeps_its_code(begin: Begin) -> None:
    play = begin("async function main() { await step('boom', {}); }")
    play.take(await play.slice())
    await play.settle(0, error={"code": "boom.happened", "message": "it broke", "retryable": True, "details": {"a": 1}})
    error = await play.error()
    assert (error["code"], error["message"]) == ("boom.happened", "Step 0 (`boom`): it broke")
    assert error["details"] == {"a": 1, "step": 0}
    assert not error.get("retryable")


async def test_outcomes_that_are_too_large_together_are_refused(begin: Begin) -> None:
    play = begin("async function main() { for (;;) await step('echo', {}); }")
    stored = {"text": "x" * 9_000_000}
    for number in range(2):
        play.take(await play.slice())
        await play.settle(number, await play.stored(stored))
    assert (await play.error())["code"] == "script.too_large"
