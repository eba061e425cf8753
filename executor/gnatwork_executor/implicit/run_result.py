"""`run-result`: fetches the output of a child run that completed."""

from typing import Any

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_bus.patience import until_available
from gnatwork_executor.config import resolved
from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_schemas import implicit
from gnatwork_schemas.messages import Complete
from gnatwork_schemas.subjects import COMPLETE, history_base


class RunResult(ImplicitBlock):
    """`RunResult` to the output of that run."""

    type = implicit.RUN_RESULT
    title = "Result of a run"
    summary = "Fetches the output of a run."
    Config = implicit.RunResult
    places = 8

    async def perform(self, ctx: BlockContext, config: implicit.RunResult) -> Any:
        """Read the end of the run, whose payloads are its own.

        Raises:
            BlockError: `run.not_found`, when it has not completed, or is gone.
            TemplateError: Its `output` has a path that leads nowhere.
            PayloadError: A value of it is gone.
        """
        history, run_id = self.world.history, config.run_id
        base = history_base(history.shard(run_id), ctx.namespace, config.workflow, run_id)
        end = await until_available(lambda: history.end(base))
        if end is None or end.event != COMPLETE:
            # A replica that is behind may not know it yet.
            raise BlockError("run.not_found", f"Run {run_id} has no output to be found.", retryable=True)
        found = await until_available(lambda: history.pick(ctx.namespace, run_id, [end.sequence]))
        if end.sequence not in found:
            raise BlockError("run.not_found", f"The output of run {run_id} is gone.")
        complete = Complete.model_validate_json(found[end.sequence].data)
        return await resolved(self.world, (ctx.namespace, run_id), complete.output, complete.deferred)
