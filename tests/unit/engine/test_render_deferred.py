"""Leaves that touch payloads: left alone by the scheduler, resolved by whoever has the payload."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gnatwork_engine.deferred import resolve, stored_of
from gnatwork_engine.render import Rendered, Renderer, Scope
from gnatwork_engine.template import format_path
from gnatwork_schemas.errors import MessageError, PayloadError, TemplateError
from gnatwork_schemas.payload import PayloadRef, is_reference, reference_value
from gnatwork_schemas.template import PathExpression, TemplateLeaf, TemplatePart

Path = tuple[str | int, ...]


def reference(id_: str) -> dict[str, Any]:
    return reference_value(PayloadRef(id=id_, size=70_000, digest="sha256:0"))


def expression(*path: str | int) -> PathExpression:
    return PathExpression(path=path, source=format_path(path))


def scope_of(input_: Any, outputs: Mapping[str, Any]) -> Scope:
    return Scope(input=input_, outputs=outputs, run={"id": "r1"}, trigger={})


def test_only_leaves_that_touch_a_reference_are_deferred() -> None:
    config = {"whole": "", "part": "", "text": "", "small": "", "a/b": {"~": [0, ""]}}
    leaves = [
        TemplateLeaf(at=("whole",), parts=(expression("blocks", "page"),)),
        TemplateLeaf(at=("part",), parts=(expression("blocks", "page", "body"),)),
        TemplateLeaf(
            at=("text",),
            parts=("id ", expression("run", "id"), ": ", expression("input", "x"), expression("blocks", "page", "n")),
        ),
        TemplateLeaf(at=("small",), parts=(expression("blocks", "tiny"),)),
        TemplateLeaf(at=("a/b", "~", 1), parts=(expression("input"),)),
    ]
    rendered, deferred = Renderer(config, leaves).render(
        scope_of({"x": 1}, {"page": reference("p1"), "tiny": {"$payload": "a text"}})
    )
    assert deferred == ("/whole", "/part", "/text")
    assert rendered["small"] == {"$payload": "a text"}
    assert rendered["a/b"] == {"~": [0, {"x": 1}]}
    assert rendered["part"] == {
        "$template": [
            {"path": ["blocks", "page", "body"], "source": "blocks.page.body", "has_default": False, "default": None}
        ],
        "values": {"blocks.page": reference("p1")},
    }
    # What is at hand is put in, so that a leaf carries nothing but references.
    assert rendered["text"]["$template"][:4] == ["id ", "r1", ": ", "1"]
    assert rendered["text"]["values"] == {"blocks.page": reference("p1")}

    rendered, deferred = Renderer(config, leaves).render(
        scope_of(reference("in"), {"page": {"body": 1, "n": 2}, "tiny": 2})
    )
    assert deferred == ("/text", "/a~1b/~0/1")


def test_resolving_puts_the_payloads_in_and_leaves_the_config_as_it_is() -> None:
    config = {"a/b": {"~": ["", ""]}, "keep": [1]}
    leaves = [
        TemplateLeaf(at=("a/b", "~", 0), parts=(expression("blocks", "x"),)),
        TemplateLeaf(at=("a/b", "~", 1), parts=("<", expression("blocks", "y", "n", 0), expression("input"), ">")),
    ]
    rendered, deferred = Renderer(config, leaves).render(
        scope_of(reference("in"), {"x": reference("p1"), "y": reference("p2")})
    )
    sent = json.loads(json.dumps(rendered))
    assert [ref.id for ref in stored_of(sent, deferred)] == ["p1", "p2", "in"]
    loaded = {"p1": {"$payload": {"id": "user's own"}}, "p2": {"n": ["é"]}, "in": None}
    assert resolve(sent, deferred, loaded) == {
        "a/b": {"~": [{"$payload": {"id": "user's own"}}, "<énull>"]},
        "keep": [1],
    }
    assert sent == rendered


def test_a_whole_config_may_be_deferred() -> None:
    leaf = TemplateLeaf(at=(), parts=(expression("input", "cfg"),))
    rendered, deferred = Renderer("{{ input.cfg }}", [leaf]).render(scope_of(reference("in"), {}))
    assert deferred == ("",)
    assert resolve(rendered, deferred, {"in": {"cfg": {"a": 1}}}) == {"a": 1}


def test_nothing_deferred_is_nothing_to_do() -> None:
    config = {"t": {"$template": ["x"], "values": {"input": reference("p")}}}
    assert stored_of(config, ()) == ()
    assert resolve(config, (), {}) is config


def test_a_payload_is_loaded_once_however_often_it_is_mentioned() -> None:
    leaves = [TemplateLeaf(at=(index,), parts=(expression("input", index),)) for index in range(3)]
    rendered, deferred = Renderer([""] * 3, leaves).render(scope_of(reference("in"), {}))
    assert len(stored_of(rendered, deferred)) == 1
    assert resolve(rendered, deferred, {"in": [1, 2, 3]}) == [1, 2, 3]


def test_defaults_and_missing_paths_are_found_when_the_payload_is_there() -> None:
    with_default = PathExpression(path=("input", "x", "y"), source="input.x.y", has_default=True, default=7)
    leaves = [
        TemplateLeaf(at=("d",), parts=(with_default,)),
        TemplateLeaf(at=("m",), parts=(expression("input", "x"),)),
    ]
    rendered, deferred = Renderer({"d": "", "m": ""}, leaves).render(scope_of(reference("in"), {}))
    assert resolve(rendered, deferred, {"in": {"x": 1}}) == {"d": 7, "m": 1}
    with pytest.raises(TemplateError, match=r"`input\.x`: `x` is missing, `input` is an object without it"):
        resolve(rendered, deferred, {"in": {}})


def test_a_payload_that_was_not_loaded_is_an_error() -> None:
    leaf = TemplateLeaf(at=(), parts=(expression("input"),))
    rendered, deferred = Renderer("", [leaf]).render(scope_of(reference("in"), {}))
    with pytest.raises(PayloadError, match="in"):
        resolve(rendered, deferred, {})


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"a": 1}, "/b"),
        ({"a": 1}, "/a"),
        ({"a": 1}, "a"),
        ([1], "/x"),
        ({"a": {"$template": [1], "values": {}}}, "/a"),
        ({"a": {"$template": "x", "values": {}}}, "/a"),
        ({"a": {"$template": [{"path": [], "source": ""}], "values": {}}}, "/a"),
        ({"a": {"$template": [{"path": ["input"], "source": ""}], "values": {"input": {"$payload": {}}}}}, "/a"),
    ],
)
def test_what_is_not_a_deferred_leaf_is_refused(config: Any, pointer: str) -> None:
    with pytest.raises(MessageError):
        resolve(config, (pointer,), {})


def test_a_reference_must_be_whole() -> None:
    config = {"$template": [], "values": {"input": {"$payload": {"id": "../../etc"}}}}
    with pytest.raises(MessageError):
        stored_of(config, ("",))


keys = st.sampled_from(["a", "b", "length", "x/y", "$payload"])
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=3)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)
roots = st.sampled_from([("input",), ("blocks", "one"), ("blocks", "two"), ("blocks", "gone"), ("run",)])
expressions: st.SearchStrategy[PathExpression] = st.builds(
    lambda root, steps, default: PathExpression(
        path=(*root, *steps),
        source=format_path((*root, *steps)),
        has_default=bool(default),
        default=(default or [None])[0],
    ),
    roots,
    st.lists(st.one_of(keys, st.integers(0, 2)), max_size=2),
    st.none() | st.lists(values, min_size=1, max_size=1),
)
parts: st.SearchStrategy[tuple[TemplatePart, ...]] = st.one_of(
    st.tuples(expressions), st.lists(st.one_of(expressions, st.text(max_size=3)), min_size=1, max_size=4).map(tuple)
)


def outcome(render: Callable[[], Any]) -> Any:
    try:
        return render()
    except TemplateError as error:
        return error.code


@given(
    st.lists(parts, min_size=1, max_size=4),
    st.fixed_dictionaries({"input": values, "one": values, "two": values}),
    st.sets(st.sampled_from(["input", "one", "two"])),
)
@settings(deadline=None)
def test_resolving_later_gives_what_rendering_at_once_gives(
    leaves: list[tuple[TemplatePart, ...]], plain: dict[str, Any], stored: set[str]
) -> None:
    # A value shaped like a reference is always stored by who produces it, so none is at hand.
    assume(not any(map(is_reference, plain.values())))
    places: list[Path] = [("~/", 0), ("~/", 1, "x"), ("z",), ("",)]
    templates = [TemplateLeaf(at=at, parts=of_leaf) for at, of_leaf in zip(places, leaves, strict=False)]
    renderer = Renderer({"~/": ["", {"x": ""}], "z": 1, "": ""}, templates)

    def render(values: dict[str, Any]) -> Rendered:
        return renderer.render(scope_of(values["input"], {"one": values["one"], "two": values["two"]}))

    def resolve_later() -> Any:
        rendered, deferred = render({name: reference(name) if name in stored else plain[name] for name in plain})
        sent = json.loads(json.dumps(rendered))
        return resolve(sent, deferred, {ref.id: plain[ref.id] for ref in stored_of(sent, deferred)})

    assert outcome(resolve_later) == outcome(lambda: render(plain).config)
