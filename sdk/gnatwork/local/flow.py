"""The front door: a flow, whatever it is written in, is run, observed and stopped in the same way."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Protocol, Self, overload

from gnatwork.local.definition import DefinitionFlow
from gnatwork.local.functions import FunctionFlow, Step
from gnatwork.transport import RunEvent
from gnatwork_blocks.block import Block

#: A definition, as the objects that JSON is made of or as its text.
Definition = Mapping[str, Any] | str | bytes


class LocalFlow(Protocol):
    """A flow under way: `async with open_local(…) as flow`. It is stopped when its context is left."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc_info: object) -> None: ...

    def __aiter__(self) -> AsyncIterator[RunEvent]:
        """What has happened from the beginning on, and what happens, until the flow is over."""

    async def result(self) -> Any:
        """What it yields in the end."""

    def cancel(self, reason: str = "") -> None:
        """Stop it."""


@overload
def open_local(flow: Sequence[Step], input: Mapping[str, Any] | None = None) -> FunctionFlow: ...
@overload
def open_local(
    flow: Definition,
    input: Any = None,
    *,
    labels: Mapping[str, str] | None = None,
    blocks: Iterable[type[Block]] = (),
    workflows: Mapping[str, Any] | None = None,
    connections: Mapping[str, Mapping[str, Any]] | None = None,
    egress_allow: str | None = None,
) -> DefinitionFlow: ...
def open_local(flow: Definition | Sequence[Step], input: Any = None, **options: Any) -> Any:  # noqa: A002 - as elsewhere
    """A flow in this process, to be entered with `async with`.

    Args:
        flow: A definition, in any language that the engine takes; or asynchronous functions that take the context and
            return what is new in it, called one after the other.
        input: The run's input; for functions the context that the first one gets.
        labels: Of the run.
        blocks: Blocks that are not installed.
        workflows: Definitions that `workflow` blocks may name.
        connections: The values that `{{ connections.<name>.<value> }}` stands for, by name.
        egress_allow: Private addresses that blocks may reach; `GNATWORK_EGRESS_ALLOW` unless given.
        options: Those from `labels` on, which only a definition has.
    """
    if isinstance(flow, Mapping | str | bytes):
        return DefinitionFlow(flow, input, **options)
    return FunctionFlow(flow, input, **options)


async def run_local(flow: Definition | Sequence[Step], input: Any = None, **options: Any) -> Any:  # noqa: A002 - as elsewhere
    """Run a flow in this process, and return what it yields; see `open_local`.

    Raises:
        DefinitionError: With all mistakes in the definition.
        InputError: The input does not meet the definition's schema.
        RunError: The run of a definition did not complete.
    """
    async with open_local(flow, input, **options) as running:
        return await running.result()


async def stream_local(
    flow: Definition | Sequence[Step],
    input: Any = None,  # noqa: A002 - as elsewhere
    **options: Any,
) -> AsyncGenerator[RunEvent, None]:
    """What happens in a flow, as it happens; see `open_local`. Closing the generator stops the flow."""
    async with open_local(flow, input, **options) as running:
        async for event in running:
            yield event
