"""`on_failure`: what runs when the run fails."""

from typing import Any

from support.definitions import CATALOGUE, compiled, faults_of, leaves_of, noop, places_of

from gnatwork_engine.compiler import compile_definition


def test_it_is_a_scope_inside_that_of_the_run() -> None:
    group = {"id": "g", "type": "group", "blocks": [noop("x", config=["{{ error }}", "{{ a }}", "{{ tell }}"])]}
    control_block = compiled(
        {
            "blocks": [noop("a"), noop("b")],
            "on_failure": [noop("tell", config=["{{ error.code }}", "{{ a.x ?? 0 }}", "{{ b }}"]), noop("b"), group],
        }
    )
    tell, b, g = control_block.on_failure
    assert leaves_of(tell) == {"0": ("error.code", 0), "1": ("blocks.a.x", 1), "2": ("blocks.b", 0)}
    assert [need.block for need in tell.needs] == ["b"]
    assert (b.needs, [need.block for need in g.needs]) == ((), ["tell"])
    assert leaves_of(g.blocks[0]) == {"0": ("error", 1), "1": ("blocks.a", 2), "2": ("blocks.tell", 1)}


def test_it_knows_the_whole_language() -> None:
    raw: dict[str, Any] = {
        "blocks": [noop("a")],
        "on_failure": [
            noop("tell", when="error.code !== 'run.timeout' && a", for_each={"items": "{{ input.whom }}"}),
            {"id": "reply", "type": "answer", "config": {"body": "{{ error.message }}"}},
        ],
    }
    when, tell, reply = compiled(raw).on_failure
    assert leaves_of(when) == {"values.error": ("error", 0), "values.a": ("blocks.a", 1)}
    assert (tell.kind, reply.responds) == ("each", True)


def test_its_mistakes_are_told() -> None:
    raw = {
        "blocks": [noop("a")],
        "on_failure": [
            noop("x", needs=["a"], config="{{ nope }}"),
            noop("y", compensate={"type": "noop"}),
            noop("y"),
            {"id": "z"},
        ],
    }
    assert sorted(places_of(raw)) == [
        ("/on_failure/0/config", "template.unknown_root"),
        ("/on_failure/0/needs/0", "definition.unknown_need"),
        ("/on_failure/1/compensate", "definition.no_effect"),
        ("/on_failure/2/id", "definition.duplicate_id"),
        ("/on_failure/3", "definition.invalid"),
    ]
    assert "mention it in a template" in next(message for pointer, _, message in faults_of(raw) if "needs" in pointer)


def test_it_is_an_array_with_blocks() -> None:
    assert places_of({"blocks": [noop("a")], "on_failure": []}) == [("/on_failure", "definition.invalid")]
    assert places_of({"blocks": [noop("a")], "on_failure": {}}) == [("/on_failure", "definition.invalid")]
    assert compile_definition({"blocks": [noop("a")], "on_failure": None}, CATALOGUE).on_failure == ()


def test_its_blocks_can_not_be_seen_by_the_run() -> None:
    raw = {"blocks": [noop("a", config="{{ x }}")], "on_failure": [noop("x")], "output": "{{ x }}"}
    assert places_of(raw) == [("/blocks/0/config", "template.unknown_root"), ("/output", "template.unknown_root")]
