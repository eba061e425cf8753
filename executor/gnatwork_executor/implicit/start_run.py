"""`start-run`: starts a run of a stored workflow, the child of the run that asks."""

from collections import OrderedDict
from typing import Any

import orjson

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_bus.patience import until_available
from gnatwork_engine.compiler.inputs import check_input
from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_executor.outcome import must_be_stored
from gnatwork_executor.ports import Ports
from gnatwork_schemas import implicit
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.header_names import TRACEPARENT
from gnatwork_schemas.messages import CancelRequest
from gnatwork_schemas.model import VERSION
from gnatwork_schemas.payload import reference_value
from gnatwork_schemas.run_ids import child_run_id
from gnatwork_schemas.subjects import REQUEST_CANCEL, control_block_key, history_base, workflow_key
from gnatwork_schemas.workflow import StoredVersion, StoredWorkflow

#: Runs that may lie one within another, the outermost not counted.
MOST_DEPTH = 16
#: What the payload of a large input is called.
_INPUT_PAYLOAD = "input"
#: Control blocks that are kept at hand.
_CONTROL_BLOCKS = 64
#: Of a task path, what names this task beside the block that it belongs to.
_SUFFIX = ":start"


class StartRun(ImplicitBlock):
    """`StartRun` to `StartedRun`. The same attempt starts the same run, however often it is made."""

    type = implicit.START_RUN
    title = "Start a run"
    summary = "Starts a run of a stored workflow."
    Config = implicit.StartRun
    places = 16

    def __init__(self, world: Ports) -> None:
        super().__init__(world)
        self._control_blocks: OrderedDict[str, ControlBlock] = OrderedDict()

    async def perform(self, ctx: BlockContext, config: implicit.StartRun) -> implicit.StartedRun:
        """Start the run.

        Raises:
            BlockError: `workflow.not_found`, `workflow.too_deep`, `input.invalid`.
            PayloadTooLargeError: The input is larger than the engine carries.
        """
        if config.depth >= MOST_DEPTH:
            message = f"Runs may start runs {MOST_DEPTH} levels deep; this one is the last."
            raise BlockError("workflow.too_deep", message)
        number, version = await self._version(ctx, config)
        control_block = await self._control_block(version.control_block)
        given = _checked_input(control_block, config.input)
        run_id = child_run_id(ctx.run_id, ctx.task, ctx.attempt)
        parent = self._base(ctx, ctx.workflow, ctx.run_id)
        start = {
            "v": VERSION,
            "run_id": run_id,
            "workflow": config.name,
            "version": number,
            "control_block": version.control_block,
            "input": await self._stored(ctx, run_id, given),
            "labels": control_block.labels,
            "trigger": {"type": "workflow", "id": None},
            "parent": ctx.run_id,
            "depth": config.depth + 1,
        }
        if config.wait:
            start |= {"parent_history": parent, "parent_task": ctx.task.removesuffix(_SUFFIX)}
        await self._begin(ctx, self._base(ctx, config.name, run_id), orjson.dumps(start))
        if config.wait:
            await self._follow_parent(parent, self._base(ctx, config.name, run_id))
        return implicit.StartedRun(run_id=run_id, workflow=config.name)

    def _base(self, ctx: BlockContext, workflow: str, run_id: str) -> str:
        return history_base(self.world.history.shard(run_id), ctx.namespace, workflow, run_id)

    async def _version(self, ctx: BlockContext, config: implicit.StartRun) -> tuple[int, StoredVersion]:
        entry = await until_available(lambda: self.world.state.get(workflow_key(ctx.namespace, config.name)))
        stored = StoredWorkflow.model_validate_json(entry.value) if entry else None
        if found := stored.version(config.version) if stored else None:
            return found
        wanted = f"version {config.version}" if config.version is not None else "published version"
        what = f"Workflow `{config.name}` has no {wanted}." if stored else f"There is no workflow `{config.name}`."
        raise BlockError("workflow.not_found", what)

    async def _control_block(self, digest: str) -> ControlBlock:
        known = self._control_blocks.get(digest)
        if known is None:
            entry = await until_available(lambda: self.world.state.get(control_block_key(digest)))
            if entry is None:
                raise BlockError("workflow.not_found", f"The control block {digest} of the workflow is gone.")
            known = self._control_blocks[digest] = ControlBlock.model_validate_json(entry.value)
            if len(self._control_blocks) > _CONTROL_BLOCKS:
                self._control_blocks.popitem(last=False)
        return known

    async def _stored(self, ctx: BlockContext, run_id: str, given: bytes) -> Any:
        """The input as the start has it: inline, or a reference to a payload of the new run."""
        if not must_be_stored(given):
            return orjson.Fragment(given)
        payloads = self.world.payloads
        return reference_value(
            await until_available(lambda: payloads.put(ctx.namespace, run_id, given, _INPUT_PAYLOAD))
        )

    async def _begin(self, ctx: BlockContext, base: str, start: bytes) -> None:
        headers = {TRACEPARENT: ctx.traceparent} if ctx.traceparent else None
        # When it has begun already, an earlier delivery of this attempt did it.
        await until_available(lambda: self.world.history.begin(base, start, headers))

    async def _follow_parent(self, parent: str, child: str) -> None:
        """Stop the child of a parent that has ended meanwhile: its end found no child to stop."""
        history = self.world.history
        if await until_available(lambda: history.end(parent)):
            request = CancelRequest(reason="the run that started it has ended").model_dump_json().encode()
            await until_available(lambda: history.append(child, REQUEST_CANCEL, request))


def _checked_input(control_block: ControlBlock, value: Any) -> bytes:
    """The JSON of an input that meets the workflow's schema."""
    try:
        data = orjson.dumps(value)
    except TypeError as error:
        raise BlockError("input.invalid", "The input is nested too deep.") from error
    if faults := check_input(control_block, value):
        shown = "; ".join(f"{fault.pointer} {fault.message}" for fault in faults[:5])
        details = {"errors": [fault.model_dump(mode="json") for fault in faults]}
        raise BlockError("input.invalid", f"The input does not meet the workflow's schema: {shown}", details=details)
    return data
