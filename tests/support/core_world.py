"""The world around the core: executors, timers, limits, child runs and people, and what it may expect of the core."""

from collections.abc import Iterable
from typing import Any

import orjson

from gnatwork_engine.core.actions import (
    Acquire,
    Action,
    CancelRun,
    Dispatch,
    End,
    PurgeTask,
    Release,
    ReportError,
    SetTimer,
    StopEpoch,
    StopWork,
)
from gnatwork_engine.core.children import waits
from gnatwork_engine.core.folding import barred
from gnatwork_engine.core.lookup import planned_at
from gnatwork_engine.core.roles import Role
from gnatwork_engine.core.state import Frame, RunState
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import ChildEnded, Error, LimitGranted, Output, Signal, TimerFired
from gnatwork_schemas.status import TaskStatus
from support.story import Story, step

Slot = tuple[str, str | None, int]
LARGE = {"$payload": {"id": "p1", "size": 100_000, "type": "application/json", "digest": "sha256:00"}}


class World:
    """What is under way outside. Each method is something that happens; all check what the core asks for."""

    def __init__(self, control_block: ControlBlock, reuse: Iterable[str] = (), at: float | None = None) -> None:
        self.story = Story.of(control_block)
        #: Attempts in the hands of executors, and all there ever were.
        self.running: dict[tuple[str, int], Dispatch] = {}
        self.ever: set[tuple[str, int]] = set()
        self.reports: dict[tuple[str, int], ErrorInfo] = {}
        self.timers: set[str] = set()
        #: What slices of programs were told.
        self.told: dict[tuple[str, int], Any] = {}
        #: Slots that are asked for, and those that are given.
        self.asked: dict[Slot, Acquire] = {}
        self.given: dict[Slot, Acquire] = {}
        #: Child runs that go on, with the tasks that wait for them; and those that were asked to stop.
        self.children: dict[str, str] = {}
        self.stopped: set[str] = set()
        self.ends: list[str] = []
        self.ended = False
        self.over: dict[str, TaskStatus] = {}
        done = tuple(reuse)
        value = {"items": [1, 2, 3]}
        self.take(self.story.retry(*done, value=value) if done else self.story.start(value, at=at))

    @property
    def state(self) -> RunState:
        return self.story.run

    def take(self, actions: tuple[Action, ...], *, repeated: bool = False) -> None:
        """Do what is asked for."""
        for action in actions:
            match action:
                case Dispatch():
                    self._dispatch(action, repeated=repeated)
                case ReportError(task, attempt, error):
                    assert repeated == ((task, attempt) in self.ever), f"{task} is reported twice"
                    self.ever.add((task, attempt))
                    self.reports[task, attempt] = error
                case PurgeTask(task, attempt):
                    self.running.pop((task, attempt), None)
                case StopWork():
                    self.running.clear()
                case StopEpoch(epoch):
                    self.running = {key: work for key, work in self.running.items() if work.epoch >= epoch}
                case End(event, _):
                    assert repeated or not self.ends, "a run was bound for two ends"
                    self.ends.append(event)
                case _:
                    self._ask(action)
        self._check_terminal()

    def _ask(self, action: Action) -> None:
        """Of timers, limits and child runs."""
        match action:
            case SetTimer(name, _):
                self.timers.add(name)
            case Acquire():
                slot = (action.key, action.task, action.attempt)
                if slot not in self.given:
                    self.asked[slot] = action
            case Release():
                self.given.pop((action.key, action.task, action.attempt), None)
                self.asked.pop((action.key, action.task, action.attempt), None)
            case CancelRun(run_id, _, _):
                self.stopped.add(run_id)
            case _:
                pass

    def _check_terminal(self) -> None:
        for frame in self.story.view.frames.values():
            for key, task in frame.tasks.items():
                path = frame.path(key)
                if path in self.over and not frame.body.planned(key).role.serves:
                    assert task.status is self.over[path], f"{path} was {self.over[path]} and is {task.status}"
                elif task.status.ended:
                    self.over[path] = task.status

    def _dispatch(self, work: Dispatch, *, repeated: bool) -> None:
        key = (work.task, work.attempt)
        assert repeated == (key in self.ever), f"{key} was dispatched {'never' if repeated else 'twice'}"
        self.ever.add(key)
        found = self.state.find(work.task)
        assert found
        frame, name = found
        assert frame.tasks[name].attempt == work.attempt, "an attempt that is not the current one"
        planned = frame.body.planned(name)
        assert not self.state.closing, f"{key}: the run has come to its end"
        if not repeated:
            assert not self.state.paused, f"{key}: the run is paused"
            assert not barred(frame, name), f"{key}: the scope fails"
            self._check_needs(frame, name)
        limit = planned.block.type_concurrency
        if limit is not None and work.type == planned.block.type:
            slots = [slot for slot in self.given if slot[1:] == key]
            assert slots, f"{key} has no slot"
        if planned.role is Role.SLICE:
            told = orjson.loads(orjson.dumps(work.config))
            assert self.told.setdefault(key, told) == told, f"{key} is told something else than before"
            self._check_slice(told)
        if planned.role is Role.COLLECT and not frame.tasks[name].reused:
            self._check_results(work.task.removesuffix(":collect"), work.config["results"])
        self.running[key] = work

    def _check_needs(self, frame: Frame, name: str) -> None:
        planned = frame.body.planned(name)
        if frame.body.single is not None or not planned.block.needs or planned.role is Role.UNDO:
            return
        statuses = [frame.tasks[need.block].status for need in planned.block.needs]
        if planned.block.join != "any":
            assert all(status.ended for status in statuses), f"{name}: a need is not settled"
        if planned.block.join != "always":
            assert any(status.value in {"completed", "failed"} for status in statuses), f"{name}: no need was met"

    def _check_results(self, path: str, results: Any) -> None:
        """Each result lies where it came from, in order."""
        events = {event.sequence: event.body for event in self.story.events}
        by_index = enumerate(results) if isinstance(results, list) else [(None, results)]
        for index, result in by_index:
            below = path if index is None else f"{path}/{index}"
            for sequence in result.values() if isinstance(result, dict) else [result]:
                body = events[sequence] if sequence else None
                match body:
                    case Output(task=task) | Error(task=task):
                        assert task.startswith(below), f"{task} is no result of {below}"
                    case TimerFired(timer=timer):
                        assert f"-{below}" in timer
                    case Signal() | ChildEnded() | None:
                        pass
                    case _:
                        raise AssertionError(f"{body} is no result")

    def _check_slice(self, config: dict[str, Any]) -> None:
        """Each outcome lies where the slice is told, and what it knew before comes first."""
        events = {event.sequence: event for event in self.story.events}
        settled = sorted((order, number) for number, (*_, order) in enumerate(config["steps"]) if order is not None)
        assert config["seen"] is None or config["seen"] <= len(settled)
        assert config["room"] >= 0
        assert [order for order, _ in settled] == list(range(len(settled)))
        assert all(config["steps"][number][2] in events for _, number in settled), "a step has no outcome"

    def outcome(self, task: str, attempt: int, value: Any, *, fails: bool, retryable: bool = False) -> None:
        """An executor is done."""
        self.running.pop((task, attempt), None)
        if fails:
            self.take(self.story.error(task, attempt=attempt, retryable=retryable))
            return
        if task.endswith(":start"):
            value = self.child(task, attempt)
            if value is not None:
                self.children.setdefault(value["run_id"], task.removesuffix(":start"))
        self.take(self.story.output(task, value, attempt))

    @staticmethod
    def child(task: str, attempt: int) -> dict[str, str]:
        """The run that an attempt to start one starts."""
        number = hash((task, attempt)) % 10**12
        return {"run_id": f"01931d2e-0000-7000-8000-{number:012}", "workflow": "child"}

    def report(self, task: str, attempt: int) -> None:
        """An error that the scheduler itself tells of is stored."""
        error = self.reports.pop((task, attempt))
        body = Error(task=task, attempt=attempt, error=error, started_at=1.0, ended_at=1.0)
        self.take(self.story.tell(f"block.{task}.error", body))

    def fire(self, timer: str) -> None:
        """A timer is due."""
        self.timers.discard(timer)
        self.take(self.story.fired(timer))

    def grant(self, slot: Slot) -> None:
        """There is room."""
        asked = self.asked.pop(slot, None) or self.given[slot]
        self.given[slot] = asked
        body = LimitGranted(key=asked.key, kind=asked.kind, task=asked.task, attempt=asked.attempt)
        self.take(self.story.tell("limit.granted", body))

    def end_child(self, run_id: str, end: str, *, retryable: bool = False) -> None:
        """A child run has come to its end."""
        task = self.children.pop(run_id)
        self.tell_of_child(task, run_id, end, retryable=retryable)

    def tell_of_child(self, task: str, run_id: str, end: str, *, retryable: bool = False) -> None:
        """Its scheduler tells of that."""
        error = None if end == "complete" else {"code": "boom", "message": "no", "retryable": retryable}
        body = {"task": task, "run_id": run_id, "workflow": "child", "end": end, "error": error}
        self.take(self.story.tell(f"child.{task}.ended", ChildEnded.model_validate(body)))

    def store_end(self) -> None:
        """The end of the run is stored; nothing may be left of it."""
        self.ended = True
        self.take(self.story.end(self.ends[0]))
        for slot in tuple(self.asked):
            # Nobody told the limit that the run has no need of it any more, but it is given back.
            self.grant(slot)
        assert not [slot for slot, asked in self.given.items() if asked.kind != "rate"], "a slot is left"

    def live_children(self) -> set[str]:
        """Child runs that nobody has asked to stop, of blocks that wait for them."""
        return {run_id for run_id, task in self.children.items() if self.waits(task)} - self.stopped

    def waits(self, task: str) -> bool:
        """Whether a block waits for its child run."""
        planned = planned_at(self.story.plan, self.state, task)
        return planned is not None and waits(planned.block.config)

    def finish(self) -> None:
        """Everyone does what he can, and the run must come to its end."""
        for _ in range(500):
            if self.state.closing or self.ended:
                break
            self._go_on()
        assert self.ended or self.state.closing, "the run never comes to its end"
        if not self.ended:
            self.store_end()
        assert not self.live_children(), "a child run that nobody waits for goes on"

    def _go_on(self) -> None:
        state = self.state
        if state.paused:
            self.take(self.story.resume())
        elif self.reports:
            self.report(*next(iter(self.reports)))
        elif self.asked:
            self.grant(next(iter(self.asked)))
        elif self.running:
            (task, attempt), work = next(iter(self.running.items()))
            self.outcome(task, attempt, self.reply(work), fails=False)
        elif children := self.live_children():
            self.end_child(min(children), "complete")
        elif state.waiters:
            name = next(iter(state.waiters))
            self.take(self.story.signal(name))
        else:
            # Not those that only end a wait which nothing else would end.
            timers = [timer for timer in self.timers if timer.startswith(("retry-", "delay-", "begin"))]
            assert timers, "the run waits for nothing"
            self.fire(min(timers))

    @staticmethod
    def reply(work: Dispatch, count: int = 1) -> Any:
        """What an executor yields that means well, and wants loops to end."""
        match work.type:
            case "expand":
                return {"items": {"id": "items", "count": count, "page_size": 2}}
            case "condition":
                return {"port": "false" if work.task.endswith(":while") else "true"}
            case "render":
                return {"signal": "go", "for": 5}
            case "slice":
                return sliced(work.config)
        return None


def sliced(config: dict[str, Any]) -> dict[str, Any]:
    """What a program wants that means well: three steps in each of two states, one of each kind."""
    steps, asked = config["steps"], config["first"] + len(config["steps"])
    if len(steps) < 3:
        wanted = [steps_of(asked + number) for number in range(min(config["room"], 3 - len(steps)))]
        return {"steps": wanted, "more": len(steps) + len(wanted) < 3}
    if any(order is None for *_, order in steps):
        return {"steps": []}
    if config["function"] == "main":
        return {"transition": {"function": "later", "memory": LARGE}}
    return {"done": True, "output": asked}


def steps_of(number: int) -> dict[str, Any]:
    """A step of some kind."""
    match number % 6:
        case 0:
            return step(config={"$template": [], "values": {}}, deferred=[""])
        case 1:
            return step("wait", config={"signal": "go"})
        case 2:
            return step("workflow", config={"name": "child"})
        case 3:
            return step("delay", config={"for": 0})
        case 4:
            open_: dict[str, Any] = {"config": {"$template": [], "values": {}}, "deferred": [""], "plain": True}
            return step(type="scarce", type_concurrency=2, retry={"max_attempts": 2}, **open_)
        case _:
            return step("delay", config={"for": 5})
