"""What blocks of a flow have around them: resources, and someone who listens to what they tell."""

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any, Self

from gnatwork_blocks.context import BlockContext, Level
from gnatwork_blocks.resources import Resources
from gnatwork_blocks.services.memory import MemoryServices
from gnatwork_engine.core import RunState
from gnatwork_engine.core.actions import Dispatch
from gnatwork_engine.redaction import Redactor
from gnatwork_net.allow_list import AllowList

#: Takes what a running task tells: the run, the task, the kind of event, and its fields.
Listener = Callable[[str, str, str, dict[str, Any]], None]


class Host:
    """The world of the blocks of one flow."""

    def __init__(self, egress_allow: str | None, listen: Listener) -> None:
        allowed = os.environ.get("GNATWORK_EGRESS_ALLOW", "") if egress_allow is None else egress_allow
        self._resources = Resources.allowing(AllowList.parse(allowed), services=MemoryServices())
        self._listen = listen
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._resources.aclose()

    def context(self, state: RunState, action: Dispatch, secrets: Redactor) -> BlockContext:
        """What a block sees of its attempt; `secrets` are kept out of what it tells."""

        def log(ctx: BlockContext, level: Level, message: str, fields: dict[str, Any]) -> None:
            self._tell(ctx, "log", secrets.value({"level": level, "message": message, "fields": fields}))

        def progress(ctx: BlockContext, fraction: float, message: str) -> None:
            self._tell(ctx, "progress", {"fraction": fraction, "message": secrets.text(message)})

        _, namespace, workflow, run_id = state.address
        return BlockContext(
            run_id=run_id,
            namespace=namespace,
            workflow=workflow,
            task=action.task,
            attempt=action.attempt,
            max_attempts=action.max_attempts,
            idempotency_key=f"{run_id}/{action.task}",
            timeout=action.timeout,
            redact=secrets.text,
            log_sink=log,
            progress_sink=progress,
            resources=self._resources,
        )

    def _tell(self, ctx: BlockContext, kind: str, told: dict[str, Any]) -> None:
        told = {"task": ctx.task, "attempt": ctx.attempt, **told}
        if threading.get_ident() == self._thread:
            self._listen(ctx.run_id, ctx.task, kind, told)
        else:
            self._loop.call_soon_threadsafe(self._listen, ctx.run_id, ctx.task, kind, told)
