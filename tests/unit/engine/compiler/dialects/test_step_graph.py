"""Step graphs: their links, their triggers, what each step sees, and mistakes at the places where they were made."""

from typing import Any

import pytest
from support.dialects import compiled, faults_of, native_of, places_of

from gnatwork_schemas.triggers import ScheduleTrigger, WebhookTrigger


def action(id_: str, next_: Any = None, ref: str = "noop", **more: Any) -> dict[str, Any]:
    return {"id": id_, "name": id_.upper(), "type": "ACTION", "ref": ref, "next": next_, **more}


def trigger(id_: str, next_: Any, ref: str = "http.webhook", **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": "TRIGGER", "ref": ref, "next": next_, **more}


def graph(entry: str, *steps: Any, **more: Any) -> dict[str, Any]:
    return {"name": "graph", "entryStepId": entry, "steps": list(steps), **more}


def blocks(raw: Any) -> dict[str, Any]:
    return {block["id"]: block for block in native_of(raw)["blocks"]}


def test_triggers_are_those_of_the_steps_and_the_schedule() -> None:
    raw = graph(
        "hook",
        trigger("hook", "a", params={"path": "/x"}),
        trigger("schedule", ["a"], "schedule.cron", params={"cron": "@daily"}),
        action("a"),
        scheduleCron="@hourly",
    )
    assert compiled(raw).triggers == (
        WebhookTrigger(id="hook", type="webhook", path="/x"),
        ScheduleTrigger(id="schedule", type="schedule", cron="@daily"),
        ScheduleTrigger(id="schedule-2", type="schedule", cron="@hourly"),
    )


def test_a_graph_may_begin_with_an_action() -> None:
    found = compiled(graph("a", action("a")))
    assert found.triggers == ()
    assert [block.id for block in found.control_block.blocks] == ["a", "data"]


def test_branches_wait_for_what_leads_to_them() -> None:
    native = blocks(graph("a", action("a", ["b", "c"]), action("d"), action("b", "d"), action("c", ["d"])))
    assert {id_: block.get("needs", []) for id_, block in native.items()} == {
        "a": [],
        "b": ["a"],
        "c": ["a"],
        "d": ["b", "c"],
        "d-data": ["b", "c"],
        "data": ["d"],
    }


def test_data_is_made_only_for_steps_that_read_it() -> None:
    raw = graph(
        "a",
        action("a", "b"),
        action("b", "c"),
        action("c", "d", params="{{x}}"),
        action("d", ["e", "f"]),
        action("e"),
        action("f"),
    )
    native = blocks(raw)
    assert [id_ for id_ in native if "data" in id_] == ["b-data", "c-data", "data"]
    assert native["c"]["config"] == "{{ blocks.c-data.x }}"


def test_blocks_that_are_added_have_ids_of_their_own() -> None:
    raw = graph("data", action("data", "b-data"), action("b-data", "b"), action("b", params="{{data.data}}"))
    native = blocks(raw)
    assert list(native) == ["data", "b-data-data", "b-data", "b-data-2", "b", "data-2"]
    assert native["b"]["config"] == "{{ blocks.b-data-2.data }}"
    assert native_of(raw)["output"] == "{{ blocks.data-2 ?? null }}"


def test_the_first_step_sees_what_started_the_run() -> None:
    raw = graph("a", action("a", params={"all": "{{data}}", "x": "{{x.y[0]}}", "same": "{{data.x.y[0]}}"}))
    config = {"all": "{{ input }}", "x": "{{ input.x.y[0] }}", "same": "{{ input.x.y[0] }}"}
    assert blocks(raw)["a"]["config"] == config


def test_a_retry_waits_as_long_each_time() -> None:
    retry = (
        compiled(graph("a", action("a", retry={"maxAttempts": 4, "backoffMs": 600_000}))).control_block.blocks[0].retry
    )
    assert (retry.max_attempts, retry.initial, retry.factor, retry.max, retry.jitter) == (4, 600, 1, 600, 0)


def test_a_long_chain_compiles() -> None:
    ids = [f"s{number}" for number in range(400)]
    steps = [action(id_, next_, params="{{x}}") for id_, next_ in zip(ids, [*ids[1:], None], strict=True)]
    assert len(compiled(graph("s0", *steps)).control_block.blocks) == 800


@pytest.mark.parametrize(
    ("raw", "pointer", "code", "told"),
    [
        (graph("b", action("a")), "/entryStepId", "definition.invalid", "no step `b`"),
        (graph("a", action("a", "b")), "/steps/0/next", "definition.invalid", "no step `b`"),
        (graph("a", action("a", ["b", "c"]), action("b")), "/steps/0/next/1", "definition.invalid", "no step `c`"),
        (graph("a", action("a", 3)), "/steps/0/next", "definition.invalid", "the id of a step"),
        (graph("a", action("a"), action("b")), "/steps/1", "definition.invalid", "nothing leads to `b`"),
        (graph("a", action("a", "b"), action("b", "a")), "/steps/0/next", "definition.cycle", "leads back"),
        (graph("a", action("a", "a")), "/steps/0/next", "definition.cycle", "leads back"),
        (graph("a", action("a"), action("a")), "/steps/1/id", "definition.duplicate_id", "/steps/0"),
        (graph("t", trigger("t", None)), "/steps/0", "definition.invalid", "nothing comes after"),
        (
            graph("t", trigger("t", "a"), trigger("u", "b"), action("a", "b"), action("b")),
            "/steps/1/next",
            "definition.invalid",
            "other steps",
        ),
        (graph("a", action("a", "t"), trigger("t", "a")), "/steps/0/next", "definition.invalid", "is a TRIGGER"),
        (graph("a", {**action("a"), "type": "ACTON"}), "/steps/0/type", "definition.invalid", "did you mean `ACTION`"),
        (graph("a", {"id": "a", "type": "ACTION"}), "/steps/0", "definition.invalid", "`ref` is missing"),
        (graph("t", trigger("t", "a", "http.hook"), action("a")), "/steps/0/ref", "definition.invalid", "http.webhook"),
        (graph("t", trigger("t", "a", retry={}), action("a")), "/steps/0/retry", "definition.no_effect", "TRIGGER"),
        (graph("a", action("a"), scheduleCron="often"), "/scheduleCron", "trigger.bad_cron", ""),
        (graph("a", action("a", ref="email.send")), "/steps/0/ref", "block.unknown_type", "`email-send`"),
        (
            graph("a", action("a", retry={"maxAttempts": 0})),
            "/steps/0/retry/maxAttempts",
            "definition.invalid",
            "at least 1",
        ),
        (
            graph("a", action("a", retry={"backoff": 1})),
            "/steps/0/retry/backoff",
            "definition.invalid",
            "did you mean `backoffMs`",
        ),
        (
            graph("a", action("a", retry={"backoffMs": 1})),
            "/steps/0/retry/backoffMs",
            "definition.invalid",
            "no effect",
        ),
        (graph("a", action("a", stopOnFailure="no")), "/steps/0/stopOnFailure", "definition.invalid", "true or false"),
        (graph("a", action("a", ref="http.request")), "/steps/0", "block.config_invalid", "`url` is missing"),
        (graph("a", action("a", params={"x": "{{data.x"})), "/steps/0/params/x", "template.invalid", ""),
        (
            graph("a", action("a", ref="filter", params={"if": "n > 3"})),
            "/steps/0/params/if",
            "expression.unknown_name",
            "`data.n`",
        ),
        (
            graph("a", action("a", ref="filter", params={"if": "data.n >\n> 3"})),
            "/steps/0/params/if",
            "expression.syntax",
            "line 2",
        ),
    ],
)
def test_mistakes(raw: Any, pointer: str, code: str, told: str) -> None:
    fault = faults_of(raw)[0]
    assert fault[:2] == (pointer, code)
    assert told in fault[2]


def test_only_so_many_results_come_together() -> None:
    ids = [f"s{number}" for number in range(400)]
    raw = graph("a", action("a", ids), *(action(id_, "end") for id_ in ids), action("end", params="{{x}}"))
    assert ("/steps/401", "definition.too_large") in places_of(raw)


def test_nothing_is_said_of_the_rest_while_the_links_are_wrong() -> None:
    assert places_of(graph("a", action("a", "b", params="{{"))) == [("/steps/0/next", "definition.invalid")]
