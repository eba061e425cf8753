"""The workflows of the load. To add one, write a `Kind` and list it in `KINDS`."""

from typing import Any, ClassVar

from chaos.control_flow import CONTROL_FLOW
from chaos.kind import End, Kind, LiveRun, hook, workflow
from chaos.programs import PROGRAMS

_LARGE = 100_000
_RETRY = {"max_attempts": 3, "initial": "300ms", "factor": 2, "jitter": 0}
_WAITS = [0.3, 0.6]
#: Longer than any session: a block that is stopped from outside.
_ENDLESS = {"config": {"for": "1h"}, "timeout": "2h"}


class Linear(Kind):
    """Step after step, some of which take a while."""

    share = 25
    definition = workflow(
        "linear",
        steps=[
            {"id": "a", "type": "noop", "config": {"n": "{{ input.n }}"}},
            {"id": "b", "type": "sleep", "config": {"for": "100ms"}},
            {"id": "c", "type": "noop", "config": {"n": "{{ a.n }}"}},
            {"id": "d", **hook("ok")},
            {"id": "last", "type": "noop", "config": {"n": "{{ c.n }}"}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number}}]


class FanOut(Kind):
    """Many at once, and one that waits for them all."""

    _WIDTH = 12
    definition = workflow(
        "fan-out",
        blocks=[
            *({"id": f"w{i}", "type": "noop", "config": {"n": "{{ input.n }}", "i": i}} for i in range(_WIDTH)),
            {"id": "last", "type": "noop", "config": {"n": [f"{{{{ w{i}.n }}}}" for i in range(_WIDTH)]}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": [number] * self._WIDTH}}]


class Retries(Kind):
    """A call that is refused a few times first."""

    share = 15
    waits: ClassVar[dict[str, list[float]]] = {"call": [0.3, 0.6, 1.2, 2.4, 4.8]}
    definition = workflow(
        "retries",
        steps=[
            {"id": "call", **hook("flaky")},
            {"id": "last", "type": "noop", "config": {"n": "{{ input.n }}", "status": "{{ call.status }}"}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number}}]


class NeverTaken(Kind):
    """A call that is refused to the end: the run fails."""

    share = 5
    at_least = sum(_WAITS)
    waits: ClassVar[dict[str, list[float]]] = {"last": _WAITS}
    definition = workflow("never-taken", blocks=[{"id": "last", **hook("down", retry=_RETRY)}])

    def ends(self, number: int) -> list[End]:  # noqa: ARG002 - all end alike
        return [{"event": "failed", "code": code} for code in ("http.status", "http.timeout")]


class ErrorPort(Kind):
    """A failure that another block takes care of."""

    definition = workflow(
        "error-port",
        output={"n": "{{ last.n }}", "code": "{{ last.code }}"},
        blocks=[
            {"id": "call", **hook("gone")},
            {"id": "never", "type": "noop", "needs": ["call"]},
            {
                "id": "last",
                "type": "noop",
                "needs": ["call.error"],
                "config": {"n": "{{ input.n }}", "code": "{{ error.code }}"},
            },
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number, "code": "http.status"}}]


class Continue(Kind):
    """A failure that does not matter."""

    definition = workflow(
        "continue",
        output={"n": "{{ last.n }}", "code": "{{ last.code }}"},
        blocks=[
            {"id": "call", **hook("gone", on_error="continue")},
            {"id": "last", "type": "noop", "config": {"n": "{{ input.n }}", "code": "{{ call.error.code }}"}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number, "code": "http.status"}}]


class Once(Kind):
    """A call that must not be made twice: when its executor vanishes, the run fails instead."""

    once = ("call",)
    definition = workflow(
        "once",
        steps=[
            {"id": "call", **hook("ok", idempotent=False, retry={})},
            {"id": "last", "type": "noop", "config": {"n": "{{ input.n }}"}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        lost = [{"event": "failed", "code": code} for code in ("executor.lost", "http.timeout")]
        return [{"event": "complete", "output": {"n": number}}, *lost]


class Timeout(Kind):
    """A run that takes longer than it may."""

    share = 8
    at_least = 2.0
    definition = workflow(
        "timeout",
        timeout="2s",
        blocks=[{"id": "a", "type": "noop"}, {"id": "last", "type": "sleep", "needs": ["a"], **_ENDLESS}],
    )

    def ends(self, number: int) -> list[End]:  # noqa: ARG002 - all end alike
        return [{"event": "timed_out"}]


class Cancel(Kind):
    """A run that is cancelled in the middle."""

    definition = workflow(
        "cancel",
        blocks=[
            {"id": "a", "type": "noop"},
            {"id": "b", "needs": ["a"], **hook("ok")},
            {"id": "last", "type": "sleep", "needs": ["a"], **_ENDLESS},
        ],
    )

    async def drive(self, run: LiveRun) -> None:
        await run.until("block.a.output")
        await run.pause(run.chance.uniform(0, 2))
        await run.call(lambda client: client.run(run.run_id).cancel("chaos"))

    def ends(self, number: int) -> list[End]:  # noqa: ARG002 - all end alike
        return [{"event": "cancelled"}]


class Large(Kind):
    """A value that is too large for a message, handed on."""

    share = 7
    definition = workflow(
        "large",
        steps=[
            {"id": "a", "type": "noop", "config": {"text": "{{ input.text }}"}},
            {"id": "b", "type": "noop", "config": {"text": "{{ a.text }}"}},
            {"id": "last", "type": "noop", "config": {"n": ["{{ input.n }}", "{{ b.text.length }}"]}},
        ],
    )

    def more(self, number: int) -> dict[str, Any]:
        return {"text": f"{number:010d}" * (_LARGE // 10)}

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": [number, _LARGE]}}]


KINDS: dict[str, Kind] = {
    kind.definition["name"]: kind
    for kind in (
        Linear(),
        FanOut(),
        Retries(),
        NeverTaken(),
        ErrorPort(),
        Continue(),
        Once(),
        Timeout(),
        Cancel(),
        Large(),
        *CONTROL_FLOW,
        *PROGRAMS,
    )
}
