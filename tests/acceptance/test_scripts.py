"""Workflows that are programs, in real processes."""

from pathlib import Path
from typing import Any

import pytest
from support.installation import Installation
from support.running import block, ended, noop, run_of, tasks_of, until_tasks

from gnatwork import Client, RequestError

JAVASCRIPT = """
async function main(input) {
  const both = await all([1, 2].map((n) => step("noop", {n: n * input.n})));
  let caught;
  try {
    await step("error", {code: "order.lost", message: "it is gone"});
  } catch (error) {
    caught = [error.code, error.message];
  }
  await sleep(0.1);
  const approval = await waitSignal("approval");
  const child = await run("doubled", {n: approval.n});
  return transition(last, {both, caught, child});
}

function last(memory) {
  const seen = stepSync("noop", memory);
  return finish({...seen, done: true});
}
"""
PYTHON = """
import asyncio

async def main(input):
    both = await asyncio.gather(*[step("noop", {"n": n * input["n"]}) for n in (1, 2)])
    try:
        await step("error", {"code": "order.lost", "message": "it is gone"})
    except RuntimeError as error:
        told = error_of(error)
        caught = [told["code"], told["message"]]
    await sleep(0.1)
    approval = await wait_signal("approval")
    child = await run("doubled", {"n": approval["n"]})
    return transition(last, {"both": both, "caught": caught, "child": child})

def last(memory):
    seen = step("noop", memory)
    return finish({**seen, "done": True})
"""
LANGUAGES = pytest.mark.parametrize(("language", "script"), [("javascript", JAVASCRIPT), ("python", PYTHON)])


@LANGUAGES
async def test_a_program_takes_its_steps(client: Client, language: Any, script: str) -> None:
    await client.put_workflow("doubled", {"blocks": [block("twice", "transform", {"expression": "input.n * 2"})]})
    run = await client.execute(script, "main", {"n": 10}, language=language, labels={"kind": "program"})
    await run.signal("approval", {"n": 21})
    done = await ended(run)
    assert (done.status, done.message) == ("completed", "")
    assert done.output == {
        "both": [{"n": 10}, {"n": 20}],
        "caught": ["order.lost", "it is gone"],
        "child": {"twice": 42},
        "done": True,
    }
    tasks = await tasks_of(run)
    assert {path: task.type for path, task in tasks.items() if path.startswith("main/") and ":" not in path} == {
        "main/0": "noop",
        "main/1": "noop",
        "main/2": "error",
        "main/3": "delay",
        "main/4": "wait",
        "main/5": "workflow",
        "main/6": "noop",
    }


async def test_a_program_is_a_block_among_others(client: Client) -> None:
    source = "async function main({word}) { return (await step('noop', {word: word + '!'})).word; }"
    done = await run_of(
        client,
        noop("before", config={"word": "{{ input.word }}"}),
        block("loud", "script", {"source": source, "args": "{{ before }}"}),
        noop("after", config="{{ loud }}"),
        value={"word": "so"},
    )
    assert done.output == {"after": "so!"}


async def test_what_a_program_does_not_catch_is_the_error_of_the_run(client: Client) -> None:
    failing = "async function main() { await step('error', {code: 'a.b', message: 'c'}); }"
    done = await ended(await client.execute(failing))
    assert (done.status, done.code, done.message) == ("failed", "a.b", "Step 0 (`error`): c")
    done = await ended(await client.execute("async function main() {\n  throw new Error('no');\n}"))
    assert (done.code, done.message) == ("script.failed", "Error: no (line 2)")


async def test_an_instance_keeps_the_program_that_it_began_with(client: Client) -> None:
    old = "async function main() { await waitSignal('go'); return (await step('noop', {text: 'old'})).text; }"
    await client.put_workflow("changing", {"script": old})
    run = await client.start("changing")
    await until_tasks(run, lambda tasks: tasks.get("main/0") == "waiting")
    await client.put_workflow("changing", {"script": old.replace("old", "new")})
    await run.signal("go")
    assert (await ended(run)).output == "old"
    again = await client.start("changing")
    await again.signal("go")
    assert (await ended(again)).output == "new"


async def test_a_signal_has_to_meet_the_schema_that_a_program_asks_for(client: Client) -> None:
    run = await client.execute("async function main() { return await waitSignal('go', {schema: {type: 'object'}}); }")
    await until_tasks(run, lambda tasks: tasks.get("main/0") == "waiting")
    with pytest.raises(RequestError) as refused:
        await run.signal("go", 3)
    assert refused.value.problem.code == "signal.invalid"
    await run.signal("go", {"n": 3})
    assert (await ended(run)).output == {"n": 3}


async def test_over_nats(installation: Installation) -> None:
    async with installation.client(over="nats") as client:
        run = await client.execute("def go(args):\n    return args\n", "go", [1], language="python")
        assert (await ended(run)).output == [1]


async def test_programs_in_files(installation: Installation, tmp_path: Path) -> None:
    script, program = tmp_path / "greet.js", tmp_path / "total.py"
    script.write_text("function main(input) { return `Hello ${input.name}`; }\nfunction bye() { return 'bye'; }\n")
    program.write_text("def main(input):\n    return sum(input)\n")
    begun = await installation.gnatwork("run", "start", script, "--input", '{"name": "Ann"}', "--wait", "-o", "json")
    assert (begun.code, begun.document["output"]) == (0, "Hello Ann")
    begun = await installation.gnatwork("run", "start", script, "--entry", "bye", "--wait", "-o", "json")
    assert begun.document["output"] == "bye"
    applied = await installation.gnatwork("workflow", "apply", program)
    assert applied.code == 0
    begun = await installation.gnatwork("run", "start", "total", "--input", "[1, 2]", "--wait", "-o", "json")
    assert begun.document["output"] == 3


@pytest.mark.parametrize(
    ("language", "script"),
    [
        ("javascript", "async function main(n) { await sleep(0); await step('noop'); await sleep('0s'); return n; }"),
        ("python", "async def main(n):\n    await sleep(0)\n    await step('noop')\n    sleep(0)\n    return n\n"),
    ],
)
async def test_a_program_may_sleep_for_no_time(client: Client, language: Any, script: str) -> None:
    done = await ended(await client.execute(script, "main", 1, language=language))
    assert (done.status, done.message, done.output) == ("completed", "", 1)


async def test_each_state_has_a_chance_of_its_own(client: Client) -> None:
    throws = """
        function main(seen) {
          const thrown = [...seen, Math.random()];
          return thrown.length < 4 ? transition(main, thrown) : thrown;
        }
    """
    done = await ended(await client.execute(throws, "main", []))
    assert len(set(done.output)) == 4
