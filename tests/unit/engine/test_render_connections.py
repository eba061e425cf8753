"""Leaves that mention connections: the scheduler knows nothing but their names."""

import json
from typing import Any

import pytest

from gnatwork_engine.deferred import connections_of, resolve, stored_of
from gnatwork_engine.render import Rendered, Renderer, Scope
from gnatwork_engine.template import parse_template
from gnatwork_schemas.errors import MessageError, TemplateError
from gnatwork_schemas.payload import PayloadRef, reference_value
from gnatwork_schemas.template import TemplateLeaf

_VALUES = {"gh": {"token": "t0ken"}, "db": {"password": "p4ss"}}


def _rendered(config: dict[str, str], input_: Any = None) -> Rendered:
    """A config of texts, rendered and sent as JSON."""
    leaves = [
        TemplateLeaf(at=(key,), parts=tuple(parts)) for key, text in config.items() if (parts := parse_template(text))
    ]
    scope = Scope(input=input_, outputs={}, run={"id": "r1"}, trigger={})
    rendered, deferred = Renderer(config, leaves).render(scope)
    return Rendered(json.loads(json.dumps(rendered)), deferred)


def test_a_leaf_with_a_connection_is_deferred_and_names_it() -> None:
    config, deferred = _rendered({"a": "{{ connections.gh.token }}", "b": "plain"})
    assert deferred == ("/a",)
    assert config["a"]["values"] == {"connections.gh": {"$connection": "gh"}}
    assert connections_of(config, deferred) == ("gh",)
    assert stored_of(config, deferred) == ()


def test_it_may_stand_in_a_longer_text_beside_others_and_beside_payloads() -> None:
    large = reference_value(PayloadRef(id="p1", size=70_000, digest="sha256:0"))
    config, deferred = _rendered({"a": "{{ connections.gh.token }}:{{ connections.db.password }}@{{ input.x }}"}, large)
    assert connections_of(config, deferred) == ("gh", "db")
    assert [one.id for one in stored_of(config, deferred) if isinstance(one, PayloadRef)] == ["p1"]
    assert resolve(config, deferred, {"p1": {"x": 1}}, _VALUES) == {"a": "t0ken:p4ss@1"}


def test_a_whole_connection_is_all_its_values_to_change_at_will() -> None:
    config, deferred = _rendered({"a": "{{ connections.gh }}"})
    assert connections_of(config, deferred) == ("gh",)
    resolved = resolve(config, deferred, {}, _VALUES)
    assert resolved == {"a": {"token": "t0ken"}}
    resolved["a"].clear()
    assert _VALUES["gh"] == {"token": "t0ken"}
    assert resolve(config, deferred, {}) == {"a": "{{ connections.gh }}"}


def test_without_the_values_a_mention_stays_as_it_was_written() -> None:
    config, deferred = _rendered({"a": "Bearer {{ connections.gh.token }} {{ run.id }}"})
    assert resolve(config, deferred, {}) == {"a": "Bearer {{ connections.gh.token }} r1"}


def test_a_value_that_the_connection_lacks_is_missing_unless_it_has_a_default() -> None:
    config, deferred = _rendered({"a": "{{ connections.gh.key ?? 'none' }}"})
    assert resolve(config, deferred, {}, _VALUES) == {"a": "none"}
    config, deferred = _rendered({"a": "{{ connections.gh.key }}"})
    with pytest.raises(TemplateError, match="`key` is missing") as caught:
        resolve(config, deferred, {}, _VALUES)
    assert "t0ken" not in str(caught.value)


def test_what_only_looks_like_a_mention_is_never_resolved() -> None:
    marker: dict[str, Any] = {"$template": [{"path": ["connections", "gh", "token"], "source": "connections.gh.token"}]}
    marker |= {"values": {"connections.gh": {"$connection": "gh"}}}
    data = {"text": "{{ connections.gh.token }}", "marker": marker}
    config, deferred = _rendered({"a": "{{ input }}", "b": "x {{ input.text }}"}, data)
    assert deferred == ()
    assert connections_of(config, deferred) == ()
    assert resolve(config, deferred, {}, _VALUES) == {"a": data, "b": "x {{ connections.gh.token }}"}
    # Nor is it within what a deferred leaf resolves to.
    config, deferred = _rendered({"a": "{{ input.text }} {{ connections.db.password }}"}, data)
    assert connections_of(config, deferred) == ("db",)
    assert resolve(config, deferred, {}, _VALUES) == {"a": "{{ connections.gh.token }} p4ss"}


def test_a_value_that_holds_a_template_is_just_that() -> None:
    config, deferred = _rendered({"a": "{{ connections.gh.token }}"})
    assert resolve(config, deferred, {}, {"gh": {"token": "{{ run.id }}"}}) == {"a": "{{ run.id }}"}


@pytest.mark.parametrize("marker", ["gh", {"$connection": "db"}, {"$connection": "gh", "x": 1}, None])
def test_a_wrong_marker_is_refused(marker: Any) -> None:
    config, deferred = _rendered({"a": "{{ connections.gh.token }}"})
    config["a"]["values"]["connections.gh"] = marker
    with pytest.raises(MessageError):
        connections_of(config, deferred)
