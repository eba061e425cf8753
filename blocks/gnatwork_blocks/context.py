"""What a block may touch while it runs, besides its config."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from gnatwork_blocks.resources import Resources
from gnatwork_blocks.services import Files, Keys, Messages
from gnatwork_net.guard import Guard

if TYPE_CHECKING:  # all cost memory that a block such as `noop` never needs
    import httpx

    from gnatwork_blocks.javascript.service import JavaScript
    from gnatwork_blocks.python.service import Python
    from gnatwork_blocks.sql.engines import Databases

Level = Literal["debug", "info", "warning", "error"]


class LogSink(Protocol):
    """Where log lines go. One sink serves all tasks, hence the context."""

    def __call__(self, ctx: "BlockContext", level: Level, message: str, fields: dict[str, Any], /) -> None:
        """Take a line; must not block."""


class ProgressSink(Protocol):
    """Where progress goes. One sink serves all tasks, hence the context."""

    def __call__(self, ctx: "BlockContext", fraction: float, message: str, /) -> None:
        """Take a report; must not block."""


class Computer(Protocol):
    """Where work that keeps a CPU busy is done."""

    async def __call__(self, function: Callable[[Any], Any], value: Any, /) -> Any:
        """What the function yields; a cancel does not wait for it."""


async def _in_thread(function: Callable[[Any], Any], value: Any, /) -> Any:
    return await asyncio.to_thread(function, value)


@dataclass(slots=True, kw_only=True)
class BlockContext:
    """One attempt of one task, as its block sees it.

    The effects are plain callables, so that a block runs alike under an executor and in a test.
    """

    run_id: str
    namespace: str
    workflow: str
    #: Path of the task, e.g. `notify`.
    task: str
    #: From 1.
    attempt: int
    max_attempts: int
    #: The same over all attempts of the task: send it on wherever the other side can tell repetitions by it.
    idempotency_key: str
    #: Seconds after which the executor stops this attempt.
    timeout: float
    #: W3C trace context of the run.
    traceparent: str | None = None
    #: Set by the executor when the attempt's result is no longer wanted; it also cancels `run`.
    cancelled: bool = False
    log_sink: LogSink = field(repr=False)
    #: Takes out of a text what this attempt was given of connections.
    redact: Callable[[str], str] = field(default=str, repr=False)
    progress_sink: ProgressSink = field(repr=False)
    #: Where `compute` calls; outside of an executor, a thread.
    computer: Computer = field(default=_in_thread, repr=False)
    #: What it shares with all others of its process; take it from the properties below.
    resources: Resources = field(repr=False)

    @property
    def http(self) -> "httpx.AsyncClient":
        """The executor's HTTP client: pooled, without cookies, and unable to reach private addresses.

        It has no overall timeout: the attempt's own timeout holds.
        """
        return self.resources.http()

    @property
    def javascript(self) -> "JavaScript":
        """The executor's JavaScript: `await ctx.javascript.evaluate(source, values)`, in a sandbox."""
        return self.resources.javascript()

    @property
    def python(self) -> "Python":
        """The executor's Python: `await ctx.python.call(...)`, in a sandbox."""
        return self.resources.python()

    @property
    def messages(self) -> Messages:
        """Messages of NATS to and from other programs: `await ctx.messages.publish("orders.paid", b"...")`."""
        return self.resources.services.messages(self)

    @property
    def keys(self) -> Keys:
        """Values that outlive the run: `await ctx.keys.put("carts", "42", {"items": 3})`."""
        return self.resources.services.keys(self)

    @property
    def files(self) -> Files:
        """Files that outlive the run: `await ctx.files.put("reports/today.csv", b"...")`."""
        return self.resources.services.files(self)

    async def compute(self, function: Callable[[Any], Any], value: Any) -> Any:
        """What `function(value)` yields in a worker process, which is killed if the attempt is stopped.

        For work that keeps a CPU busy. The function crosses the process border by its name, so it is one at module
        level; value and result are copied.

        Raises:
            BlockError: What the function raised, or `block.failed` for anything else.
        """
        return await self.computer(function, value)

    @property
    def guard(self) -> Guard:
        """Judges addresses, for protocols other than HTTP: connect to one of `await ctx.guard.permitted(...)`."""
        return self.resources.guard

    @property
    def sql(self) -> "Databases":
        """The executor's databases: `await ctx.sql.run(query)`, with pooled connections."""
        return self.resources.sql()

    def log(self, level: Level, message: str, **fields: Any) -> None:
        """Write a line to the task's log; `fields` are JSON. Keep secrets out of both."""
        self.log_sink(self, level, message, fields)

    def progress(self, fraction: float, message: str = "") -> None:
        """Say how much is done, from 0 to 1; a figure beyond is drawn to the nearest of the two."""
        self.progress_sink(self, min(max(0.0, fraction), 1.0), message)
