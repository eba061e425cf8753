"""Whoever starts runs and asks things of them: stands in for the manager."""

import asyncio
from hashlib import sha256

from support.sim.clock import EPOCH
from support.workflows import compiled

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_engine.core import Plan, RunAddress, fold, parse_event
from gnatwork_engine.core.view import completed_tasks
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.messages import (
    CancelRequest,
    Complete,
    Fired,
    Message,
    PauseRequest,
    ResumeRequest,
    Reuse,
    Signal,
    Start,
)
from gnatwork_schemas.workflow import StoredVersion, StoredWorkflow
from simulation.invariants import Invariants
from simulation.scenario import Order, RunPlan, Scenario

#: Seconds between two looks at whether a run has ended.
_LOOK = 1.0
NAMESPACE = "default"
WORKFLOW = "simulated"
#: Of a run that has no input.
_INPUT = {"value": 1}


def digest_of(control_block: ControlBlock) -> str:
    """What a control block is stored under."""
    return f"sha256-{sha256(control_block.model_dump_json().encode()).hexdigest()}"


class SimulatedClient:
    """Does what a scenario has planned."""

    def __init__(self, connection: Connection, scenario: Scenario, invariants: Invariants) -> None:
        self._scenario = scenario
        self._invariants = invariants
        self._history = History(connection, scenario.shards)
        self._state = Bucket(connection, subjects.STATE_BUCKET)
        self._now = asyncio.get_running_loop().time

    async def work(self) -> None:
        """Store the workflows, start the runs, and see each to its end."""
        for name, raw in self._scenario.workflows.items():
            digest = await self._store(compiled(raw))
            version = StoredVersion(control_block=digest, created_at=EPOCH)
            stored = StoredWorkflow(name=name, published=1, versions={"1": version})
            await self._put(subjects.workflow_key(NAMESPACE, name), stored.model_dump_json().encode())
        async with asyncio.TaskGroup() as tasks:
            for plan in self._scenario.runs:
                tasks.create_task(self._see_to(plan))

    async def _see_to(self, plan: RunPlan) -> None:
        control_block = compiled(plan.definition)
        digest = await self._store(control_block)
        await asyncio.sleep(max(0.0, plan.at - self._now()))
        at = None if plan.later is None else EPOCH + self._now() + plan.later
        start = Start(
            run_id=plan.run_id,
            workflow=WORKFLOW,
            control_block=digest,
            input=_INPUT,
            at=at,
            trigger=Fired(type="schedule", id="often") if plan.overlap else Fired(),
            overlap=plan.overlap,
        )
        async with asyncio.TaskGroup() as tasks:
            await self._start(start)
            begun = self._now()
            for order in plan.orders:
                tasks.create_task(self._give(plan.run_id, order, begun))
            if plan.retries:
                tasks.create_task(self._retry(start, control_block, plan.retries))

    async def _store(self, control_block: ControlBlock) -> str:
        digest = digest_of(control_block)
        self._invariants.know(digest, control_block)
        await self._put(subjects.control_block_key(digest), control_block.model_dump_json().encode())
        return digest

    async def _put(self, key: str, value: bytes) -> None:
        await until_available(lambda: self._state.put(key, value))

    async def _start(self, start: Start) -> None:
        self._invariants.expect(start.run_id)
        body = start.model_dump_json().encode()
        base = self._base(start.run_id).base
        # When it has begun already, only the acknowledgement was lost.
        await until_available(lambda: self._history.begin(base, body))

    async def _give(self, run_id: str, order: Order, begun: float) -> None:
        await asyncio.sleep(max(0.0, begun + order.after - self._now()))
        bodies: dict[str, tuple[str, Message]] = {
            "cancel": (subjects.REQUEST_CANCEL, CancelRequest(reason="simulated")),
            "cancel-child": (subjects.REQUEST_CANCEL, CancelRequest(reason="simulated")),
            "pause": (subjects.REQUEST_PAUSE, PauseRequest()),
            "resume": (subjects.REQUEST_RESUME, ResumeRequest()),
        }
        name, body = bodies.get(order.kind) or (
            subjects.signal_event(order.name),
            Signal(name=order.name, data={"at": order.after}),
        )
        base = self._base(run_id).base
        if order.kind == "cancel-child":
            child = self._invariants.child_of(run_id)
            if child is None:
                return
            base = child
        elif self._invariants.has_ended(run_id):
            # The manager looks, too; what comes at the same moment as the end still gets through.
            return
        data = body.model_dump_json().encode()
        await until_available(lambda: self._history.append(base, name, data))

    async def _retry(self, start: Start, control_block: ControlBlock, left: int) -> None:
        """Once a run has ended and did not complete, start another one that takes over what completed."""
        number = 0
        while left:
            while not self._invariants.has_ended(start.run_id):  # noqa: ASYNC110 - time is virtual
                await asyncio.sleep(_LOOK)
            events = await until_available(lambda: self._history.load_run(NAMESPACE, start.run_id))  # noqa: B023 - awaited
            parsed = [parse_event(*event) for event in events]
            if not parsed or parsed[0].name != subjects.START:
                # All that is there of it came after it was removed.
                return
            state = fold(Plan(control_block, keep_all=True), parsed)
            if state is None or state.end is None or isinstance(state.end, Complete):
                # It completed, or is no more.
                return
            left -= 1
            number += 1
            tasks = completed_tasks(state)
            start = start.model_copy(
                update={
                    "run_id": f"{start.run_id[:-4]}{number:x}{start.run_id[-3:]}",
                    "retry_of": start.run_id,
                    "reuse": Reuse(run_id=start.run_id, tasks=tasks),
                    "at": None,
                    "overlap": None,
                }
            )
            await self._start(start)

    def _base(self, run_id: str) -> RunAddress:
        return RunAddress(self._history.shard(run_id), NAMESPACE, WORKFLOW, run_id)
