"""Templates in a definition: their roots, and which blocks wait for which because of them."""

from typing import Any

import pytest
from support.definitions import compiled, faults_of, needs_of, noop, places_of

from gnatwork_schemas.template import PathExpression, TemplateLeaf


def test_paths_begin_with_a_root_that_needs_no_look_up() -> None:
    control_block = compiled(
        {
            "blocks": [
                noop("my-id"),
                noop(
                    "b",
                    config={
                        "list": ["plain", "{{ my-id.x }}", {"deep": "a {{ blocks['my-id'] }} {{ input.n ?? 1 }}"}],
                        "roots": "{{ run.id }}{{ trigger.type }}",
                        "literal": "{{ '{{' }}",
                    },
                ),
            ]
        }
    )
    assert control_block.blocks[1].templates == (
        TemplateLeaf(at=("list", 1), parts=(PathExpression(path=("blocks", "my-id", "x"), source="my-id.x"),)),
        TemplateLeaf(
            at=("list", 2, "deep"),
            parts=(
                "a ",
                PathExpression(path=("blocks", "my-id"), source="blocks['my-id']"),
                " ",
                PathExpression(path=("input", "n"), source="input.n", has_default=True, default=1),
            ),
        ),
        TemplateLeaf(
            at=("roots",),
            parts=(
                PathExpression(path=("run", "id"), source="run.id"),
                PathExpression(path=("trigger", "type"), source="trigger.type"),
            ),
        ),
        TemplateLeaf(at=("literal",), parts=("{{",)),
    )


@pytest.mark.parametrize(
    ("config", "pointer", "code", "told"),
    [
        ({"a/b": "{{ x. }}"}, "/a~1b", "template.invalid", "expected a name after `.` at position 5"),
        (["{{ 1 + }}"], "/0", "template.invalid", "expected `}}`"),
        ("{{ fisrt.x }}", "", "template.unknown_root", "a block nor a root of templates; did you mean `first`?"),
        ("{{ inptu.x }}", "", "template.unknown_root", "did you mean `input`?"),
        ("{{ blocks }}", "", "template.unknown_root", "is followed by the id of a block"),
        ("{{ blocks[0] }}", "", "template.unknown_root", "is followed by the id of a block"),
        ("{{ blocks.frist }}", "", "template.unknown_root", "there is no block `frist`; did you mean `first`?"),
        ("{{ me.x }}", "", "template.not_upstream", "`me` mentions its own output"),
        ("{{ error.code }}", "", "template.unknown_root", "only in a block that needs another by `error`"),
    ],
)  # fmt: skip
def test_a_template_to_nowhere(config: Any, pointer: str, code: str, told: str) -> None:
    ((found, found_code, message),) = faults_of({"blocks": [noop("first"), noop("me", config=config)]})
    assert (found, found_code) == (f"/blocks/1/config{pointer}", code)
    assert told in message


def test_a_mention_makes_a_block_wait() -> None:
    control_block = compiled(
        {"blocks": [noop("z", config="{{ a.x }} {{ b }} {{ a.y }}", needs=["c"]), noop("a"), noop("b"), noop("c")]}
    )
    assert needs_of(control_block)["z"] == ["c", "a", "b"]


def test_a_mention_of_what_is_needed_by_any_port_adds_nothing() -> None:
    control_block = compiled(
        {"blocks": [noop("a"), noop("b", needs=["a.error"], config="{{ error.code }} {{ a.x ?? 1 }}")]}
    )
    assert needs_of(control_block)["b"] == ["a.error"]


def test_a_mention_of_what_runs_earlier_anyway_adds_nothing() -> None:
    control_block = compiled(
        {
            "blocks": [
                noop("d", needs=["c"], config="{{ a.x ?? 0 }} {{ b }}"),
                noop("c", needs=["b.error"]),
                noop("b", config="{{ a }}"),
                noop("a"),
            ]
        }
    )
    assert needs_of(control_block) == {"d": ["c"], "c": ["b.error"], "b": ["a"], "a": []}


def test_steps_may_mention_any_earlier_step() -> None:
    control_block = compiled({"steps": [noop("a"), noop("b"), noop("c", config="{{ a }} {{ b }}")]})
    assert needs_of(control_block) == {"a": [], "b": ["a"], "c": ["b"]}


def test_error_is_known_to_the_handler_alone() -> None:
    compiled({"blocks": [noop("a"), noop("b", needs=["a.error"], config="{{ error.code }}")]})
    later = noop("c", needs=["b"], config="{{ error.code }}")
    assert places_of({"blocks": [noop("a"), noop("b", needs=["a.error"]), later]}) == [
        ("/blocks/2/config", "template.unknown_root")
    ]


def test_error_is_not_judged_while_needs_are_wrong() -> None:
    raw = {"blocks": [noop("a"), noop("b", needs=["aa.error"], config="{{ error }}")]}
    assert places_of(raw) == [("/blocks/1/needs/0", "definition.unknown_need")]


def test_the_output_may_mention_any_block_and_no_error() -> None:
    raw: dict[str, Any] = {"blocks": [noop("a"), noop("b")], "output": {"x": ["{{ a }}", "{{ b.y ?? null }}"]}}
    control_block = compiled(raw)
    assert control_block.output is not None
    assert [leaf.at for leaf in control_block.output.templates] == [("x", 0), ("x", 1)]
    assert needs_of(control_block) == {"a": [], "b": []}
    raw["output"] = {"x": "{{ error.code }}", "y": "{{ c }}"}
    assert places_of(raw) == [("/output/x", "template.unknown_root"), ("/output/y", "template.unknown_root")]


def test_an_output_without_templates_is_kept() -> None:
    control_block = compiled({"blocks": [noop("a")], "output": {"done": True}})
    assert control_block.output is not None
    assert control_block.output.config == {"done": True}
    assert compiled({"blocks": [noop("a")], "output": None}).output is None
