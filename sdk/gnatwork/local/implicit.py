"""The implicit tasks, where nothing has to be fetched from afar."""

from typing import Any, Protocol

import orjson

from gnatwork.local.outcomes import LocalOutcomes
from gnatwork.local.values import LocalValues
from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.loop_items import checked_items
from gnatwork_engine.compiler import check_input, digest, encode
from gnatwork_engine.core import RunState
from gnatwork_engine.core.actions import Dispatch
from gnatwork_programs.slices import Slices
from gnatwork_schemas import implicit
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.messages import Complete, Start
from gnatwork_schemas.run_ids import child_run_id

#: Runs that may lie one within another, the outermost not counted.
_MOST_DEPTH = 16


class Runs(Protocol):
    """The other runs of the flow."""

    def workflow(self, name: str) -> ControlBlock | None:
        """The control block of a workflow that child runs may be of."""

    def start(self, control_block: ControlBlock, start: Start) -> str:
        """Start a run, unless it has begun."""

    def end(self, workflow: str, run_id: str) -> object:
        """The end of a run, None when it has none."""


class Implicit:
    """Does what executors of the blocks `logic` and `code` do for the scheduler."""

    def __init__(self, runs: Runs, values: LocalValues, outcomes: LocalOutcomes, slices: Slices) -> None:
        self._runs = runs
        self._values = values
        self._outcomes = outcomes
        self._slices = slices

    async def perform(self, state: RunState, action: Dispatch, config: Any, ctx: BlockContext) -> Any:
        """What the task yields.

        Raises:
            BlockError: It fails.
            DefinitionError: The workflow of a child run is wrong.
        """
        match action.type:
            case implicit.EXPAND:
                wanted = implicit.Expand.model_validate(config)
                items = self._values.put_items(checked_items(wanted.items, wanted.max))
                return implicit.Expanded(items=items).model_dump(mode="json")
            case implicit.COLLECT:
                return self._collected(config["results"])
            case implicit.START_RUN:
                child = self._start(state, action, implicit.StartRun.model_validate(config))
                return child.model_dump(mode="json")
            case implicit.RUN_RESULT:
                of = implicit.RunResult.model_validate(config)
                return self.output(self._runs.end(of.workflow, of.run_id))
            case implicit.RENDER:
                return config
            case implicit.SLICE:
                return orjson.loads(orjson.dumps(await self._slices.run(ctx, implicit.Slice.model_validate(config))))
            case _:
                raise LookupError(action.type)

    def output(self, end: object) -> Any:
        """What a run yielded that has come to this end."""
        if not isinstance(end, Complete):
            raise BlockError("run.not_found", "The run has no output.")
        if end.deferred:
            # What that yields may look like a reference itself.
            return self._values.resolved(end.output, end.deferred, {})
        return self._values.whole(end.output)

    def _collected(self, result: Any) -> Any:
        match result:
            case int():
                return self._outcomes.result(result)
            case dict():
                return {name: self._collected(inner) for name, inner in result.items()}
            case list():
                return [self._collected(inner) for inner in result]
        return None

    def _start(self, state: RunState, action: Dispatch, config: implicit.StartRun) -> implicit.StartedRun:
        if config.depth >= _MOST_DEPTH:
            message = f"Runs may start runs {_MOST_DEPTH} levels deep; this one is the last."
            raise BlockError("workflow.too_deep", message)
        control_block = self._runs.workflow(config.name)
        if control_block is None:
            message = f"No workflow `{config.name}` was given to the local run, in `workflows`."
            raise BlockError("workflow.not_found", message)
        if faults := check_input(control_block, config.input):
            shown = "; ".join(f"{fault.pointer} {fault.message}" for fault in faults[:5])
            raise BlockError("input.invalid", f"The input does not meet the workflow's schema: {shown}")
        parent = state.address.run_id
        start = Start(
            run_id=child_run_id(parent, action.task, action.attempt),
            workflow=config.name,
            version=config.version or 1,
            control_block=digest(encode(control_block)),
            input=self._values.guarded(config.input),
            labels=control_block.labels,
            parent=parent,
            depth=config.depth + 1,
            parent_history=state.base if config.wait else None,
            parent_task=action.task.removesuffix(":start") if config.wait else None,
        )
        self._runs.start(control_block, start)
        return implicit.StartedRun(run_id=start.run_id, workflow=config.name)
