"""`concurrency`, `rate_limit` and `retention`."""

from typing import Any

import pytest
from support.definitions import compiled, faults_of, noop

from gnatwork_schemas.control_block import ConcurrencyLimit, StartRate
from gnatwork_schemas.template import PathExpression, Templated, TemplateLeaf


def test_limits_reach_the_control_block() -> None:
    control_block = compiled(
        {
            "blocks": [noop("a")],
            "concurrency": {"max": 3, "key": "{{ input.shop }}", "on_limit": "reject"},
            "rate_limit": {"max": 9, "per": "1m"},
            "retention": "7d",
        }
    )
    leaf = TemplateLeaf(at=(), parts=(PathExpression(path=("input", "shop"), source="input.shop"),))
    key = Templated(config="{{ input.shop }}", templates=(leaf,))
    assert control_block.concurrency == ConcurrencyLimit(max=3, key=key, on_limit="reject")
    assert control_block.rate_limit == StartRate(max=9, per=60, key=Templated(config=None))
    assert control_block.retention == 7 * 86400


@pytest.mark.parametrize(
    "key", ["{{ run.id }}", "{{ trigger.type }}-{{ labels.team ?? 'x' }}", {"a": ["{{ input }}"]}, 7]
)
def test_what_a_key_may_hold(key: Any) -> None:
    control_block = compiled({"blocks": [noop("a")], "rate_limit": {"max": 1, "per": 1, "key": key}})
    assert control_block.rate_limit is not None
    assert control_block.rate_limit.key.config == key


@pytest.mark.parametrize(
    ("fields", "pointer", "code", "told"),
    [
        ({"concurrency": {"max": 1, "key": "{{ a }}"}}, "/concurrency/key", "template.not_upstream", "`a` has not run"),
        ({"concurrency": {"max": 1, "key": "{{ error }}"}}, "/concurrency/key", "template.unknown_root", "no `error`"),
        ({"concurrency": {"max": 1, "key": ["{{ x"]}}, "/concurrency/key/0", "template.invalid", "expected"),
        ({"concurrency": {}}, "/concurrency", "definition.invalid", "`max` is missing"),
        ({"concurrency": {"max": 0}}, "/concurrency/max", "definition.invalid", "at least 1"),
        ({"concurrency": {"max": 1, "on_limt": "x"}}, "/concurrency/on_limt", "definition.invalid", "did you mean"),
        ({"rate_limit": {"max": 1}}, "/rate_limit", "definition.invalid", "`per` is missing"),
        ({"rate_limit": {"max": 1, "per": "1s", "key": "{{ item }}"}}, "/rate_limit/key", "template.unknown_root", ""),
        ({"retention": "soon"}, "/retention", "definition.invalid", "a duration"),
    ],
)  # fmt: skip
def test_a_mistake_stands_at_its_place(fields: dict[str, Any], pointer: str, code: str, told: str) -> None:
    ((found, found_code, message),) = faults_of({"blocks": [noop("a")], **fields})
    assert (found, found_code) == (pointer, code)
    assert told in message


def test_labels_are_known_to_keys_alone() -> None:
    assert faults_of({"blocks": [noop("a", config="{{ labels.x }}")]})
