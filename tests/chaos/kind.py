"""What a kind of run is: its workflow, what is done to its runs meanwhile, and what must become of them."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, ClassVar, Protocol

from gnatwork import Client

#: An end that a run may come to: `{"event", "output"?, "code"?}`. What is not given is not compared.
End = dict[str, Any]


class LiveRun(Protocol):
    """A run that has been accepted, for those who drive it."""

    run_id: str
    #: The `n` of its input.
    number: int
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
    #: Tasks whose first calls must come in this order.
    order: ClassVar[tuple[str, ...]] = ()
    #: Seconds between an error of a task and its next attempt, for each attempt but the first.
    waits: ClassVar[dict[str, list[float]]] = {}
    #: Workflows that are stored before the load begins.
    stored: ClassVar[tuple[dict[str, Any], ...]] = ()
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


#: A caller that is frozen in the middle of a call finds that it took too long, and has to make it again.
RETRY = {"max_attempts": 6, "initial": "300ms", "factor": 2, "jitter": 0}


def hook(path: str, **more: Any) -> dict[str, Any]:
    """A block that calls the receiver at a path."""
    return {
        "retry": RETRY,
        "type": "hook",
        "config": {"url": f"{{{{ input.hook }}}}/{path}", "body": {"n": "{{ input.n }}"}},
        **more,
    }


def workflow(name: str, **more: Any) -> dict[str, Any]:
    """A definition that yields the `n` of its block `last`, unless `more` says otherwise."""
    return {"name": f"chaos-{name}", "output": {"n": "{{ last.n }}"}, **more}
