import asyncio
import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from histories import plays
from histories.constructs import CONSTRUCTS
from support.site import Reply, running_site
from unit.sdk.local.conftest import Flaky, Greet, InThread, Stubborn

from gnatwork import RunError
from gnatwork.local import open_local, run_local, stream_local
from gnatwork_schemas.errors import DefinitionError, InputError
from gnatwork_schemas.status import RunStatus
from gnatwork_schemas.subjects import ENDS, split_history

RECORDED = Path(__file__).parents[3] / "histories"
#: Those that nothing is done to from outside. A child run that nobody waits for yields an id, which is never the same,
#: and nothing is too large for a block of one's own process.
PLAIN = [
    name
    for name, construct in CONSTRUCTS.items()
    if construct.play is plays.start and not name.startswith(("child-not-waiting", "plain"))
]


def block(type_: str, config: object = None, **fields: Any) -> dict[str, Any]:
    return {"id": type_.replace("-", "_"), "type": type_, **({} if config is None else {"config": config}), **fields}


@pytest.mark.parametrize("name", PLAIN)
async def test_a_flow_comes_to_the_same_end_as_the_recorded_run(name: str) -> None:
    construct = CONSTRUCTS[name]
    stream = stream_local(construct.definition, construct.input, workflows=construct.stored, egress_allow="")
    async with aclosing(stream) as events:
        last = [event async for event in events][-1]
    event, body = end_of(name)
    assert last.event == event
    assert shown(last.body) == shown(body)


def end_of(name: str) -> tuple[str, Any]:
    """The end of the run that was recorded of a construct."""
    history = json.loads((RECORDED / f"{name}.json").read_text())
    for stored in history["events"]:
        event = split_history(stored["subject"])[1]
        if event in ENDS:
            return event, json.loads(stored["data"])
    raise AssertionError(name)


def shown(value: Any) -> Any:
    """What an end says, without the words of messages, the ids of child runs and what has not to be said."""
    if isinstance(value, list):
        return [shown(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {key: shown(inner) for key, inner in value.items() if key not in {"message", "run_id", "deferred"}}


async def test_a_block_that_is_brought_along_runs_and_is_heard() -> None:
    events = [event async for event in stream_local({"blocks": [block("greet", {"name": "Ada"})]}, blocks=[Greet])]
    names = [event.event for event in events]
    assert names == ["start", "block.greet.log", "block.greet.progress", "block.greet.output", "complete"]
    assert events[1].body["fields"] == {"name": "Ada"}
    assert events[-1].body["output"] == {"greet": {"text": "Hello, Ada!"}}


async def test_a_block_may_work_in_a_thread() -> None:
    async with open_local({"blocks": [block("in-thread", 7)]}, blocks=[InThread]) as flow:
        assert await flow.result() == {"in_thread": 7}
        assert "block.in_thread.log" in [event.event async for event in flow]


async def test_a_definition_may_be_text() -> None:
    assert await run_local('{"blocks": [{"id": "a", "type": "noop", "config": "{{ input }}"}]}', 7) == {"a": 7}


async def test_an_attempt_that_fails_is_made_again() -> None:
    retry = {"max_attempts": 3, "initial": "1ms"}
    assert await run_local({"blocks": [block("flaky", retry=retry)]}, blocks=[Flaky]) == {"flaky": 3}


async def test_a_run_that_fails_says_in_which_task() -> None:
    with pytest.raises(RunError) as caught:
        await run_local({"blocks": [block("flaky")]}, blocks=[Flaky])
    assert caught.value.status is RunStatus.FAILED
    assert caught.value.error
    assert (caught.value.error.code, caught.value.error.task) == ("flaky.down", "flaky")


async def test_mistakes_are_found_before_anything_runs() -> None:
    with pytest.raises(DefinitionError, match="greeet"):
        await run_local({"blocks": [block("greeet")]}, blocks=[Greet])
    with pytest.raises(DefinitionError, match="name"):
        await run_local({"blocks": [block("greet", {})]}, blocks=[Greet])
    with pytest.raises(InputError):
        await run_local({"input": {"type": "object"}, "blocks": [block("noop")]}, 7)


async def test_a_signal_answers_what_waits() -> None:
    async with open_local({"blocks": [block("wait", {"signal": "go"})]}) as flow:
        flow.signal("go", {"by": "Ada"})
        assert await flow.result() == {"wait": {"by": "Ada"}}


async def test_a_pause_holds_what_would_begin() -> None:
    definition = {"steps": [block("wait", {"signal": "go"}), block("noop", 1)]}
    async with open_local(definition) as flow:
        flow.pause()
        flow.signal("go")
        result = asyncio.create_task(flow.result())
        async for event in flow:
            if event.event == "signal.go":
                flow.resume()
        assert await result == {"noop": 1}


async def test_a_cancel_stops_what_runs(stubborn: type[Stubborn]) -> None:
    async with open_local({"blocks": [block("stubborn")]}, blocks=[stubborn]) as flow:
        await asyncio.sleep(0)
        flow.cancel("enough")
        with pytest.raises(RunError, match="cancelled"):
            await flow.result()
        await asyncio.wait_for(stubborn.stopped.wait(), 20)


async def test_a_stream_that_is_closed_stops_the_flow(stubborn: type[Stubborn]) -> None:
    async with aclosing(stream_local({"blocks": [block("stubborn")]}, blocks=[stubborn])) as events:
        assert (await anext(events)).event == "start"
        await asyncio.sleep(0)
    assert stubborn.stopped.is_set()


async def test_a_timeout_ends_an_attempt(stubborn: type[Stubborn]) -> None:
    with pytest.raises(RunError, match=r"block\.timeout"):
        await run_local({"blocks": [block("stubborn", timeout="10ms")]}, blocks=[stubborn])
    assert stubborn.stopped.is_set()


async def test_code_sees_no_secret_that_a_service_repeats() -> None:
    source = "async function main() { return (await (await fetch('/me')).text()).split('') }"
    http = {"connection": "{{ connections.shop }}"}
    definition = {"blocks": [block("code", {"language": "javascript", "source": source, "http": http})]}
    async with running_site() as site:
        site.on("/v1/me", Reply(body=b"you are abcd-secret"))
        connections = {"shop": {"base_url": f"{site.url}/v1", "authorization": "abcd-secret"}}
        async with open_local(definition, connections=connections, egress_allow="127.0.0.0/8") as flow:
            assert "".join((await flow.result())["code"]) == "you are [redacted]"
        assert site.requests[0].headers["authorization"] == "abcd-secret"


async def test_connections_are_filled_in_and_kept_out_of_what_is_told() -> None:
    definition = {"blocks": [block("greet", {"name": "{{ connections.ops.token }}"})]}
    connections = {"ops": {"token": "abcd-secret"}}
    async with open_local(definition, blocks=[Greet], connections=connections) as flow:
        assert await flow.result() == {"greet": {"text": "Hello, [redacted]!"}}
        told = [event.model_dump_json() async for event in flow]
    assert not [text for text in told if "abcd-secret" in text]
    with pytest.raises(RunError, match=r"connection\.not_found"):
        await run_local(definition, blocks=[Greet])


async def test_of_a_header_the_secret_part_is_kept_out_alone_as_well() -> None:
    echo = {"id": "echo", "type": "transform", "config": {"expression": "a.text.slice('Hello, Bearer '.length)"}}
    definition = {"blocks": [{**block("greet", {"name": "{{ connections.ops.header }}"}), "id": "a"}, echo]}
    connections = {"ops": {"header": "Bearer abcd-secret"}}
    told = await run_local(definition, blocks=[Greet], connections=connections)
    assert "abcd-secret" not in str(told)


async def test_a_value_that_looks_like_a_reference_is_one_of_the_user() -> None:
    value = {"$payload": {"id": "x", "size": 1, "digest": "y"}}
    definition = {
        "steps": [
            {"id": "a", "type": "noop", "config": "{{ input }}"},
            {"id": "b", "type": "noop", "config": {"in": "{{ a }}"}},
        ]
    }
    assert await run_local(definition, value) == {"b": {"in": value}}
