"""A small workflow for each construct of the language."""

from typing import Any, NamedTuple


class Construct(NamedTuple):
    """What is run to record a history."""

    definition: dict[str, Any]
    input: Any = None
    #: Cancel it once it has begun.
    cancel: bool = False


def _noop(name: str, *needs: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "type": "noop", **({"needs": list(needs)} if needs else {}), **fields}


#: Refused by the address guard, and so an error that is not retryable.
_FAILS = {"type": "fetch", "config": {"url": "http://127.0.0.1:9/"}}
#: Takes longer than it may, which is retryable.
_SLOW = {"type": "sleep", "config": {"for": "10s"}, "timeout": "100ms"}

CONSTRUCTS: dict[str, Construct] = {
    "sequence": Construct(
        {"steps": [_noop("a", config={"n": "{{ input.n }}"}), _noop("b", config="got {{ a.n }}"), _noop("c")]},
        {"n": 1},
    ),
    "parallel-and-join": Construct({"blocks": [_noop("a"), _noop("b"), _noop("c", "a", "b")]}),
    "join-any": Construct(
        {"blocks": [_noop("a"), {"id": "b", **_SLOW, "on_error": "continue"}, _noop("c", "a", "b", join="any")]}
    ),
    "join-always": Construct({"blocks": [{"id": "a", **_FAILS}, _noop("b", "a", join="always")]}),
    "skip": Construct({"blocks": [_noop("a"), _noop("b", "a.error"), _noop("c", "b"), _noop("d", "a")]}),
    "error-port": Construct(
        {
            "blocks": [
                {"id": "a", **_FAILS},
                _noop("b", "a.error", config={"why": "{{ error.code }}"}),
                _noop("c", "a"),
            ],
            "output": "{{ b.why }}",
        }
    ),
    "on-error-continue": Construct(
        {"blocks": [{"id": "a", **_FAILS, "on_error": "continue"}, _noop("b", config="{{ a.error.code }}")]}
    ),
    "retry": Construct({"blocks": [{"id": "a", **_SLOW, "retry": {"max_attempts": 3, "initial": "50ms"}}]}),
    "failure": Construct({"blocks": [{"id": "a", **_FAILS}, _noop("b"), _noop("c", "a")]}),
    "missing-template": Construct({"blocks": [_noop("a"), _noop("b", config="{{ a.nothing }}")]}),
    "large-value": Construct(
        {"blocks": [_noop("a", config={"text": "{{ input.text }}"}), _noop("b", config="{{ a.text.length }}")]},
        {"text": "x" * 70_000},
    ),
    "response": Construct(
        {"blocks": [_noop("a"), {"id": "r", "type": "response", "config": {"status": 201, "body": {"ok": True}}}]}
    ),
    "never-twice": Construct({"blocks": [_noop("a", idempotent=False)]}),
    "run-timeout": Construct({"blocks": [{"id": "a", "type": "sleep", "config": {"for": "1h"}}], "timeout": "300ms"}),
    "cancel": Construct(
        {"blocks": [{"id": "a", "type": "sleep", "config": {"for": "1h"}}, _noop("b", "a")]}, None, True
    ),
}
