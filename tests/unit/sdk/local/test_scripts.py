"""Programs in one process: the same slices as executors run, with their outcomes in memory."""

from pathlib import Path
from typing import Any

import pytest
from unit.sdk.local.conftest import Flaky, Greet

from gnatwork import RunError
from gnatwork.local import open_local, run_local
from gnatwork_cli.demo_site import DemoSite
from gnatwork_schemas.errors import DefinitionError

EXAMPLES = Path(__file__).parents[4] / "examples"
LANGUAGES = {".js": "javascript", ".py": "python"}

PARALLEL = {
    "javascript": """
        async function main(input) {
          const both = await all([step("noop", {n: input}), step("noop", {n: input + 1})]);
          return both.reduce((sum, one) => sum + one.n, 0);
        }
    """,
    "python": """
import asyncio
async def main(input):
    both = await asyncio.gather(step("noop", {"n": input}), step("noop", {"n": input + 1}))
    return sum([one["n"] for one in both])
""",
}
#: An error that is caught, a delay, a state, a signal and a child run.
LONG = {
    "javascript": """
        async function main(input) {
          let why = null;
          try {
            await step("flaky", {});
          } catch (error) {
            why = error.code;
          }
          await sleep("1ms");
          return transition(rest, {why, input});
        }
        async function rest(memory) {
          const said = await waitSignal("go");
          return {...memory, said, child: await run("double", memory.input)};
        }
    """,
    "python": """
async def main(input):
    why = None
    try:
        await step("flaky", {})
    except RuntimeError as error:
        why = error_of(error)["code"]
    await sleep("1ms")
    return transition("rest", {"why": why, "input": input})

async def rest(memory):
    said = await wait_signal("go")
    return {"why": memory["why"], "input": memory["input"], "said": said, "child": await run("double", memory["input"])}
""",
}
SAME = {"blocks": [{"id": "a", "type": "noop"}], "output": "{{ input }}"}
DOUBLE = {"script": "async function main(n) { return (await step('noop', 2 * n)); }"}


def program(source: str, language: str = "javascript", **fields: Any) -> dict[str, Any]:
    return {"script": source, "language": language, "entry": "main", **fields}


@pytest.mark.parametrize("language", PARALLEL)
async def test_steps_run_beside_each_other(language: str) -> None:
    assert await run_local(program(PARALLEL[language], language), 20) == 41


@pytest.mark.parametrize("language", LONG)
async def test_a_program_catches_waits_and_starts_others(language: str) -> None:
    flow = open_local(program(LONG[language], language), 4, blocks=[Flaky], workflows={"double": DOUBLE})
    async with flow:
        flow.signal("go", {"$payload": {"looks": "like a reference"}})
        assert await flow.result() == {
            "why": "flaky.down",
            "input": 4,
            "said": {"$payload": {"looks": "like a reference"}},
            "child": 8,
        }
        events = [event.event async for event in flow]
    assert "block.main/0.error" in events
    assert "child.main/3.ended" in events


async def test_programs_are_found_wherever_they_stand() -> None:
    source = "async function main(n) { return {n: n + 1}; }"
    each = {
        "id": "each",
        "type": "script",
        "config": {"source": source, "args": "{{ item }}"},
        "for_each": {"items": [1]},
    }
    last = {"id": "last", "type": "noop", "config": "{{ each[0].n }}"}
    assert await run_local({"steps": [each, last]}) == {"last": 2}
    undoing = {"id": "undo", "type": "script", "config": {"source": source, "args": 7}}
    failing = {"id": "last", "type": "noop", "config": "{{ each[0].gone }}"}
    async with open_local({"steps": [each, failing], "on_failure": [undoing]}) as flow:
        with pytest.raises(RunError, match=r"template\.missing"):
            await flow.result()
        (undone,) = [event.body["output"]["output"] async for event in flow if "undo:slice" in event.event]
    assert undone == {"n": 8}


async def test_what_a_program_says_is_heard() -> None:
    source = "async function main() { console.log('first'); await step('noop'); console.log('second'); }"
    async with open_local(program(source)) as flow:
        assert await flow.result() is None
        logs = [event async for event in flow if event.event.endswith(".log")]
    assert [log.body["message"] for log in logs] == ["first", "second"]


async def test_values_that_look_like_references_are_those_of_the_user() -> None:
    source = """
        async function main(value) {
          const step1 = await step("noop", value);
          const step2 = await step("noop", {inside: step1});
          return transition(next, step2.inside);
        }
        async function next(memory) {
          return await run("same", memory);
        }
    """
    value = {"$payload": {"id": "x", "size": 1, "digest": "y"}}
    assert await run_local(program(source), value, workflows={"same": SAME}) == value


async def test_what_is_large_is_carried_as_it_is() -> None:
    source = "async function main(text) { return (await step('noop', {text, more: [text]})).more[0]; }"
    async with open_local(program(source), "x" * 200_000) as flow:
        assert await flow.result() == "x" * 200_000
        assert [event.body["output"] async for event in flow if event.event == "complete"] == ["x" * 200_000]


async def test_connections_are_filled_in_and_kept_out_of_what_is_told() -> None:
    source = """
        async function main() {
          return await step("greet", {name: template("{{ connections.ops.token }}")});
        }
    """
    connections = {"ops": {"token": "abcd-secret"}}
    result = await run_local(program(source), blocks=[Greet], connections=connections)
    assert result == {"text": "Hello, [redacted]!"}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("async function main() { await step('flaky', {}); }", "flaky.down"),
        ("async function main() { throw new Error('no'); }", "script.failed"),
        ("async function main() { await new Promise(() => {}); }", "script.stuck"),
        ("async function main() { return transition('gone'); }", "script.invalid"),
        ("async function main() { await step('unheard', {}); }", "block.unknown_type"),
        ("async function main() { await step('greet', {}); }", "block.config_invalid"),
        ("async function main() { await step('response', {status: 201}); }", "script.invalid"),
        ("async function main() { await run('unheard'); }", "workflow.not_found"),
    ],
)
async def test_what_goes_wrong_has_its_code(source: str, code: str) -> None:
    with pytest.raises(RunError) as caught:
        await run_local(program(source), blocks=[Flaky, Greet])
    assert caught.value.error
    assert caught.value.error.code == code


async def test_a_mistake_in_a_program_is_found_before_it_runs() -> None:
    with pytest.raises(DefinitionError, match=r"script"):
        await run_local(program("async function main( {"))


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("insects.js", {"legs": 8}, {"pages": 3, "found": ["centipede", "spider", "millipede"]}),
        (
            "coats.py",
            {"cities": ["lisbon", "oslo", "atlantis"]},
            {"celsius": {"lisbon": 24, "oslo": -3, "atlantis": "http.status"}, "advice": "take a coat"},
        ),
    ],
)
async def test_the_examples(name: str, given: dict[str, Any], expected: object) -> None:
    file = EXAMPLES / name
    async with DemoSite().serve() as site:
        found = await run_local(
            program(file.read_text(), LANGUAGES[file.suffix]), {"site": site, **given}, egress_allow="127.0.0.1"
        )
    assert found == expected
