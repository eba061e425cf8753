"""What an attempt gives its block to work with."""

from collections.abc import Callable
from typing import Any

from gnatwork_blocks.context import BlockContext
from gnatwork_engine.redaction import Redactor
from gnatwork_executor.live import LiveEvents
from gnatwork_executor.ports import Ports
from gnatwork_executor.secrets import redacting_log, redacting_progress
from gnatwork_executor.services.in_threads import refused_in_threads
from gnatwork_executor.threads import from_thread
from gnatwork_schemas.messages import Work


def context_of(
    work: Work, live: LiveEvents, ports: Ports, found: Redactor | None, traceparent: str | None
) -> BlockContext:
    """The context of an attempt; `found` takes out what it was given of connections."""

    async def compute(function: Callable[[Any], Any], value: Any) -> Any:
        """For a block that runs on the loop and has a part that would keep it busy."""
        async with ports.processes.place():
            return await ports.processes.run(function, value, found)

    return BlockContext(
        run_id=work.run_id,
        namespace=work.namespace,
        workflow=work.workflow,
        task=work.task,
        attempt=work.attempt,
        max_attempts=work.max_attempts,
        idempotency_key=work.idempotency_key,
        timeout=work.timeout,
        traceparent=traceparent,
        redact=found.text if found else str,
        log_sink=redacting_log(live.log, found) if found else live.log,
        progress_sink=redacting_progress(live.progress, found) if found else live.progress,
        resources=ports.resources,
        computer=compute,
    )


def in_thread(context: BlockContext) -> BlockContext:
    """The same, for a block that runs in a thread: what it says is told on the loop, what is awaited is refused."""
    context.log_sink, context.progress_sink = from_thread(context.log_sink, context.progress_sink)
    context.resources = refused_in_threads(context.resources)
    return context
