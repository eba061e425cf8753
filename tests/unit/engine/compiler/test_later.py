"""Other dialects are refused by name."""

from typing import Any

import pytest
from support.definitions import compiled, faults_of, noop

_REFUSED = "definition.not_supported"


@pytest.mark.parametrize(
    ("raw", "pointers"),
    [
        ({"trigger": {"type": "webhook"}, "steps": [{"id": "a", "type": "http", "config": {}}]}, ["/trigger"]),
        (
            {
                "name": "Graph",
                "entryStepId": "a",
                "scheduleCron": "* * * * *",
                "steps": [{"id": "a", "name": "A", "type": "TRIGGER", "ref": "r", "params": {}, "next": ["b"]}],
            },
            ["/entryStepId", "/scheduleCron", "/steps/0/ref", "/steps/0/params", "/steps/0/next"],
        ),
        (
            {"steps": [{"id": "a", "type": "if", "position": 1, "trueSteps": [], "falseSteps": []}]},
            ["/steps/0/position", "/steps/0/trueSteps", "/steps/0/falseSteps"],
        ),
        ({"script": "export default 1", "entry": "main"}, ["/script"]),
    ],
)
def test_other_dialects_are_refused_without_further_faults(raw: Any, pointers: list[str]) -> None:
    found = faults_of(raw)
    assert [pointer for pointer, _, _ in found] == pointers
    assert {code for _, code, _ in found} == {_REFUSED}
    assert all("another dialect" in message for _, _, message in found)


def test_the_native_words_alone_are_fine() -> None:
    assert len(compiled({"steps": [noop("a"), noop("b")]}).blocks) == 2
