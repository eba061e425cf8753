"""The workflows of the load: each with what is done to its runs meanwhile, and what must become of them.

To add one, write a `Kind` and list it in `KINDS`.
"""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, ClassVar, Protocol

from gnatwork import Client

#: An end that a run may come to: `{"event", "output"?, "code"?}`. What is not given is not compared.
End = dict[str, Any]

_LARGE = 100_000
_RETRY = {"max_attempts": 3, "initial": "300ms", "factor": 2, "jitter": 0}
_WAITS = [0.3, 0.6]
#: Longer than any session: a block that is stopped from outside.
_ENDLESS = {"config": {"for": "1h"}, "timeout": "2h"}


class LiveRun(Protocol):
    """A run that has been accepted, for those who drive it."""

    run_id: str
    #: Drawn from the seed.
    chance: Random

    async def call(self, action: Callable[[Client], Awaitable[Any]]) -> None:
        """Do something over the API, again until it is done; a run that has ended is no mistake."""

    async def until(self, event: str) -> None:
        """Return once the run has had an event, such as `block.a.output`."""

    async def pause(self, seconds: float) -> None:
        """Let time pass."""


class Kind:
    """A workflow, what is done while it runs, and what must become of it."""

    #: How often it is drawn, compared with the others.
    share: ClassVar[int] = 10
    #: What is submitted; each run's input is `{n, hook}` and what `more` adds.
    definition: ClassVar[dict[str, Any]]
    #: Seconds that a run takes at least from start to end.
    at_least: ClassVar[float] = 0.0
    #: Tasks that must not run twice.
    once: ClassVar[tuple[str, ...]] = ()
    #: Seconds between an error of a task and its next attempt, for each attempt but the first.
    waits: ClassVar[dict[str, list[float]]] = {}
    #: Of the runs under one name, how many may be under way at the same time: `(name, number)`.
    limit: ClassVar[tuple[str, int] | None] = None

    def more(self, number: int) -> dict[str, Any]:  # noqa: ARG002 - for those that need it
        """Further input of a run."""
        return {}

    def ends(self, number: int) -> list[End]:
        """The ends that a run may come to."""
        raise NotImplementedError

    async def drive(self, run: LiveRun) -> None:
        """What is done to the run; begins when it is accepted, and may be cut short by its end."""


def _hook(path: str, **more: Any) -> dict[str, Any]:
    return {"type": "hook", "config": {"url": f"{{{{ input.hook }}}}/{path}", "body": {"n": "{{ input.n }}"}}, **more}


def _name(text: str, **more: Any) -> dict[str, Any]:
    return {"name": f"chaos-{text}", "output": {"n": "{{ last.n }}"}, **more}


class Linear(Kind):
    """Step after step, some of which take a while."""

    share = 25
    definition = _name(
        "linear",
        steps=[
            {"id": "a", "type": "noop", "config": {"n": "{{ input.n }}"}},
            {"id": "b", "type": "sleep", "config": {"for": "100ms"}},
            {"id": "c", "type": "noop", "config": {"n": "{{ a.n }}"}},
            {"id": "d", **_hook("ok")},
            {"id": "last", "type": "noop", "config": {"n": "{{ c.n }}"}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number}}]


class FanOut(Kind):
    """Many at once, and one that waits for them all."""

    _WIDTH = 12
    definition = _name(
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
    waits: ClassVar[dict[str, list[float]]] = {"call": _WAITS}
    definition = _name(
        "retries",
        steps=[
            {"id": "call", **_hook("flaky", retry=_RETRY)},
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
    definition = _name("never-taken", blocks=[{"id": "last", **_hook("down", retry=_RETRY)}])

    def ends(self, number: int) -> list[End]:  # noqa: ARG002 - all end alike
        return [{"event": "failed", "code": "http.status"}]


class ErrorPort(Kind):
    """A failure that another block takes care of."""

    definition = _name(
        "error-port",
        output={"n": "{{ last.n }}", "code": "{{ last.code }}"},
        blocks=[
            {"id": "call", **_hook("gone")},
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

    definition = _name(
        "continue",
        output={"n": "{{ last.n }}", "code": "{{ last.code }}"},
        blocks=[
            {"id": "call", **_hook("gone", on_error="continue")},
            {"id": "last", "type": "noop", "config": {"n": "{{ input.n }}", "code": "{{ call.error.code }}"}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number, "code": "http.status"}}]


class Once(Kind):
    """A call that must not be made twice: when its executor vanishes, the run fails instead."""

    once = ("call",)
    definition = _name(
        "once",
        steps=[
            {"id": "call", **_hook("ok", idempotent=False)},
            {"id": "last", "type": "noop", "config": {"n": "{{ input.n }}"}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number}}, {"event": "failed", "code": "executor.lost"}]


class Timeout(Kind):
    """A run that takes longer than it may."""

    share = 8
    at_least = 2.0
    definition = _name(
        "timeout",
        timeout="2s",
        blocks=[{"id": "a", "type": "noop"}, {"id": "last", "type": "sleep", "needs": ["a"], **_ENDLESS}],
    )

    def ends(self, number: int) -> list[End]:  # noqa: ARG002 - all end alike
        return [{"event": "timed_out"}]


class Cancel(Kind):
    """A run that is cancelled in the middle."""

    definition = _name(
        "cancel",
        blocks=[
            {"id": "a", "type": "noop"},
            {"id": "b", "needs": ["a"], **_hook("ok")},
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
    definition = _name(
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
    )
}
