"""A block that does what the conformance suite asks for, and an executor of it: `python -m support.conforming`."""

import asyncio
import os
import signal
import sys
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from gnatwork import Block, BlockContext, BlockError
from gnatwork_executor.serve import Signals, serve
from gnatwork_executor.settings import ExecutorSettings


class Echo(BaseModel):
    model_config = ConfigDict(extra="forbid")

    do: Literal["echo", "fail", "sleep", "describe", "large"]
    value: Any = None
    seconds: float = 0
    bytes: int = 0
    code: str = "conformance.failed"
    message: str = ""
    retryable: bool = False
    retry_after: float | None = None
    details: dict[str, Any] | None = None


class Conforming(Block):
    """See `docs/reference/protocol.md`."""

    type = "conforming"
    title = "Conforming"
    summary = "Does what the conformance suite asks for."
    Config = Echo

    async def run(self, ctx: BlockContext, config: Echo) -> Any:
        match config.do:
            case "sleep":
                await asyncio.sleep(config.seconds)
            case "fail":
                raise BlockError(
                    config.code,
                    config.message,
                    retryable=config.retryable,
                    retry_after=config.retry_after,
                    details=config.details,
                )
            case "describe":
                return {
                    "run_id": ctx.run_id,
                    "task": ctx.task,
                    "attempt": ctx.attempt,
                    "idempotency_key": ctx.idempotency_key,
                }
            case "large":
                return "x" * config.bytes
        return config.value


async def main() -> None:
    signals = Signals()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signals.leave.set)
    settings = ExecutorSettings(nats_url=os.environ["NATS_URL"], blocks=(Conforming.type,), drain=0.5)
    sys.exit(0 if await serve(settings, [Conforming], signals) else 1)


if __name__ == "__main__":
    asyncio.run(main())
