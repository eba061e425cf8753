"""Workflows that are programs."""

from typing import Any

import pytest
from support.dialects import compiled, faults_of, native_of, places_of

PROGRAM = "async function main(input) { return (await step('noop', input)).text + '{{ input.x }}'; }"


def test_a_program_becomes_one_block_whose_output_is_that_of_the_run() -> None:
    assert native_of({"script": PROGRAM, "name": "My program"}) == {
        "name": "my-program",
        "blocks": [{"id": "main", "type": "script", "config": {"source": PROGRAM}}],
        "output": "{{ main }}",
    }


def test_all_that_a_workflow_may_say_beside_its_blocks_stays_as_it_is() -> None:
    around: dict[str, Any] = {
        "input": {"type": "object"},
        "timeout": "1h",
        "labels": {"team": "shop"},
        "concurrency": {"max": 2, "key": "{{ input.customer }}"},
        "rate_limit": {"max": 10, "per": "1m"},
        "retention": "7d",
        "triggers": [{"id": "nightly", "type": "schedule", "cron": "0 3 * * *"}],
        "on_failure": [{"id": "tell", "type": "noop", "config": "{{ error.message }}"}],
    }
    native = native_of({"script": PROGRAM, **around})
    assert {key: native[key] for key in around} == around
    assert len(compiled({"script": PROGRAM, **around}).triggers) == 1


def test_nothing_in_a_program_is_a_template() -> None:
    script = compiled({"script": PROGRAM}).control_block.blocks[0].script
    assert script is not None
    assert script.source == PROGRAM


def test_python_and_its_function() -> None:
    control_block = compiled(
        {"script": "async def go(args):\n    return args\n", "language": "python", "entry": "go", "args": {"n": 1}}
    ).control_block
    (block,) = control_block.blocks
    assert block.script is not None
    assert (block.script.language, block.script.entry, block.config) == ("python", "go", {"n": 1})


@pytest.mark.parametrize(
    ("raw", "places"),
    [
        ({"script": 5}, [("/script", "definition.invalid")]),
        ({"script": None}, [("", "definition.invalid")]),
        ({"script": "function main( {"}, [("/script", "script.syntax")]),
        ({"script": "function other() {}"}, [("/script", "block.config_invalid")]),
        ({"script": PROGRAM, "entry": "go"}, [("/entry", "block.config_invalid")]),
        ({"script": PROGRAM, "language": "ruby"}, [("/language", "block.config_invalid")]),
        ({"script": PROGRAM, "args": "{{ nobody }}"}, [("/args", "template.unknown_root")]),
        ({"script": PROGRAM, "retry": {}}, [("/retry", "definition.invalid")]),
        ({"script": PROGRAM, "timeout": "soon"}, [("/timeout", "definition.invalid")]),
        ({"script": PROGRAM, "blocks": []}, [("/blocks", "definition.invalid")]),
        ({"script": PROGRAM, "trigger": {}}, [("/trigger", "definition.invalid")]),
    ],
)
def test_every_mistake_has_its_place_in_what_was_sent(raw: Any, places: list[tuple[str, str]]) -> None:
    assert places_of(raw) == places


def test_a_key_that_programs_have_not_is_told_with_those_they_have() -> None:
    ((_, _, message),) = faults_of({"script": PROGRAM, "entri": "main"})
    assert "`entry`" in message
