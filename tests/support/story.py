"""Histories told in tests: given these events, when this one comes, then these actions.

Whatever a story tells, what must hold after each event is checked on the way; see `support.soundness`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from gnatwork_engine.core import Event, Plan, RunAddress, RunState, apply, decide
from gnatwork_engine.core.actions import Action, Dispatch, End
from gnatwork_engine.core.attempts import type_key
from gnatwork_engine.core.lookup import planned_at
from gnatwork_engine.core.snapshot import thaw
from gnatwork_engine.template import parse_template
from gnatwork_schemas.control_block import (
    ConcurrencyLimit,
    ControlBlock,
    ControlledBlock,
    Loop,
    Need,
    Script,
    StartRate,
)
from gnatwork_schemas.definition import OnLimit
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import (
    Cancelled,
    CancelRequest,
    ChildEnded,
    Complete,
    Error,
    Failed,
    LimitGranted,
    LimitRefused,
    Message,
    Output,
    PauseRequest,
    ResumeRequest,
    Reuse,
    Signal,
    Start,
    TimedOut,
    TimerFired,
)
from gnatwork_schemas.status import TaskStatus
from gnatwork_schemas.template import PathExpression, Templated, TemplateLeaf
from support.soundness import check_sound, frozen

RUN_ID = "01931d2e-0000-7000-8000-000000000001"
ADDRESS = RunAddress(3, "default", "story", RUN_ID)
_ROOTS = frozenset({"input", "run", "trigger", "error", "blocks", "item", "index", "previous"})


def leaf(text: str, *at: str | int) -> TemplateLeaf:
    """The parsed template at a place of a config; block ids stand for their outputs, each `outer.` for a scope out."""
    parts = parse_template(text)
    assert parts is not None
    return TemplateLeaf(at=at, parts=tuple(_canonical(part) for part in parts))


def _canonical(part: PathExpression | str) -> PathExpression | str:
    if isinstance(part, str):
        return part
    path = part.path
    up = 0
    while path[0] == "outer":
        path, up = path[1:], up + 1
    return part.model_copy(update={"path": path if path[0] in _ROOTS else ("blocks", *path), "up": up})


def _leaves(config: Any, *at: str | int) -> Iterator[TemplateLeaf]:
    if isinstance(config, str) and "{{" in config:
        yield leaf(config, *at)
    elif isinstance(config, dict):
        for key, value in config.items():
            yield from _leaves(value, *at, key)


def block(name: str, *needs: str, **fields: Any) -> ControlledBlock:
    """A `noop` block; needs as `id` or `id.port`; strings of `config` may be templates."""
    config = fields.pop("config", {})
    edges = tuple(Need(block=b, port=port or "out") for b, _, port in (need.partition(".") for need in needs))
    fields = {"type": "noop", "timeout": 60, **fields}
    return ControlledBlock(id=name, config=config, templates=tuple(_leaves(config)), needs=edges, **fields)


def condition(name: str, *needs: str, **fields: Any) -> ControlledBlock:
    """A `condition`, with the ports `true` and `false`; `switch` and others with ports are like it."""
    return block(name, *needs, type="condition", routes="port", **fields)


def when(*of: ControlledBlock) -> tuple[ControlledBlock, ...]:
    """A block that runs only if its `when` holds: as the compiler has it, with a condition ahead of it."""
    blocks: list[ControlledBlock] = []
    for one in of:
        ahead = condition(f"{one.id}:when").model_copy(update={"needs": one.needs, "join": one.join})
        blocks += [ahead, one.model_copy(update={"needs": (Need(block=ahead.id, port="true"),), "join": "all"})]
    return tuple(blocks)


def each(inner: ControlledBlock, *needs: str, items: Any = "{{ input.items }}", **rules: Any) -> ControlledBlock:
    """`for_each` around a block; `rules` are fields of the block beside those of `Loop`."""
    loop: dict[str, Any] = {name: rules.pop(name) for name in ("concurrency", "max_iterations") if name in rules}
    if "on_item_error" in rules:
        loop["on_error"] = rules.pop("on_item_error")
    fields: dict[str, Any] = {"type": inner.type, "kind": "each", "config": {"items": items}, "blocks": (inner,)}
    return block(inner.id, *needs, **fields, loop=Loop(**loop), **rules)


def loop(
    name: str,
    *inside: ControlledBlock,
    needs: Sequence[str] = (),
    over: str = "items",
    items: Any = "{{ input.items }}",
    config: Any = None,
    on_item_error: str = "fail",
    **fields: Any,
) -> ControlledBlock:
    """A `loop` around blocks; `config` is that of its `while` or `until`."""
    rules = {key: fields.pop(key) for key in ("concurrency", "max_iterations") if key in fields}
    asked = None if over == "items" else condition(f":{over}", config=config or {})
    if over != "items":
        rules["concurrency"] = 1
    made = Loop.model_validate({"over": over, "on_error": on_item_error, "condition": asked, **rules})
    own = {"items": items} if over == "items" else {}
    return block(name, *needs, type="loop", kind="loop", config=own, blocks=inside, loop=made, **fields)


def group(name: str, *inside: ControlledBlock, needs: Sequence[str] = (), **fields: Any) -> ControlledBlock:
    """A `group` of blocks."""
    return block(name, *needs, type="group", kind="group", blocks=inside, **fields)


def delay(name: str, *needs: str, **config: Any) -> ControlledBlock:
    """A `delay`; `for_` or `until`."""
    return block(name, *needs, type="delay", kind="delay", config={key.strip("_"): it for key, it in config.items()})


def wait(name: str, *needs: str, join: str = "all", **config: Any) -> ControlledBlock:
    """A `wait`; `signal` and `timeout`."""
    return block(name, *needs, type="wait", kind="wait", config=config, join=join)


def workflow(name: str, *needs: str, wait: bool = True, **fields: Any) -> ControlledBlock:
    """A block that runs the workflow `child`."""
    config = {"name": "child", "input": {"of": "{{ run.id }}"}} | ({} if wait else {"wait": False})
    return block(name, *needs, type="workflow", kind="workflow", config=config, **fields)


def script(name: str, *needs: str, args: Any = None, **fields: Any) -> ControlledBlock:
    """A program; what it wants is told slice by slice."""
    rules = {key: fields.pop(key) for key in ("concurrency", "max_steps", "entry") if key in fields}
    program = Script.model_validate({"language": "javascript", "source": "", "entry": "main", **rules})
    return block(name, *needs, type="script", kind="script", config=args, script=program, **fields)


def step(kind: str = "task", /, deferred: Sequence[str] = (), **fields: Any) -> dict[str, Any]:
    """A step as a program asks for it: a `noop`, or a `delay`, `wait` or `workflow`."""
    type_ = fields.pop("type", "noop" if kind == "task" else kind)
    own = {"id": "0", "type": type_, "kind": kind, "config": fields.pop("config", {}), **fields}
    return {"digest": f"{type_}-1", "name": type_, "block": own, "deferred": list(deferred)}


def undo(name: str, **fields: Any) -> ControlledBlock:
    """What undoes the block of this name: its `compensate`."""
    return block(f"{name}:undo", **fields)


def concurrency(limit: int, on_limit: OnLimit = "queue", key: str | None = None) -> ConcurrencyLimit:
    """How many runs there may be at once."""
    return ConcurrencyLimit(max=limit, key=_templated(key), on_limit=on_limit)


def rate(limit: int, per: float, key: str | None = None) -> StartRate:
    """How many runs may begin in so many seconds."""
    return StartRate(max=limit, per=per, key=_templated(key))


def _templated(text: str | None) -> Templated:
    return Templated(config=text, templates=(leaf(text),) if text and "{{" in text else ())


def dispatched(actions: tuple[Action, ...]) -> list[str]:
    """The tasks that are given to executors."""
    return [action.task for action in actions if isinstance(action, Dispatch)]


def config_of(actions: tuple[Action, ...], task: str) -> Any:
    """With what a task is given to executors."""
    (found,) = (action.config for action in actions if isinstance(action, Dispatch) and action.task == task)
    return found


def end_of(actions: tuple[Action, ...]) -> End:
    """The end among these actions."""
    (end,) = (action for action in actions if isinstance(action, End))
    return end


def child_id(number: int = 1) -> str:
    """The id of a child run."""
    return f"01931d2e-0000-7000-8000-0000000001{number:02}"


class Story:
    """A run that is told event by event."""

    def __init__(
        self,
        *blocks: ControlledBlock,
        output: str | None = None,
        on_failure: Sequence[ControlledBlock] = (),
        checked: bool = True,
        **fields: Any,
    ) -> None:
        templated = Templated(config=output, templates=(leaf(output),)) if output else None
        control_block = ControlBlock(
            workflow="story", blocks=blocks, output=templated, on_failure=tuple(on_failure), **fields
        )
        self._begin(control_block, checked=checked)

    @classmethod
    def of(cls, control_block: ControlBlock, *, checked: bool = True) -> "Story":
        """The story of a run of this control block."""
        story = cls.__new__(cls)
        story._begin(control_block, checked=checked)
        return story

    def _begin(self, control_block: ControlBlock, *, checked: bool) -> None:
        self.plan = Plan(control_block)
        self.whole = Plan(control_block, keep_all=True)
        self.state: RunState | None = None
        #: The same, folded so that views can be made of it.
        self.full: RunState | None = None
        self.events: list[Event] = []
        self._checked = checked

    @property
    def run(self) -> RunState:
        """The state, once there is one."""
        assert self.state is not None
        return self.state

    @property
    def view(self) -> RunState:
        """The state of a plan that keeps all."""
        assert self.full is not None
        return self.full

    @property
    def now(self) -> float:
        """When the last event came."""
        return self.events[-1].at

    def event(self, name: str, body: Message | None) -> Event:
        """The event that would come next; a second passes between events."""
        number = len(self.events) + 1
        return Event(ADDRESS.base, name, number * 10, 1_000.0 + number, body)

    def tell(self, name: str, body: Message | None) -> tuple[Action, ...]:
        """The next event comes; the actions that it calls for."""
        event = self.event(name, body)
        self.events.append(event)
        self.state = apply(self.plan, self.state, event)
        if self._checked:
            self.full = apply(self.whole, self.full, event)
            check_sound(self.plan, self.run, self.view, self.events)
        return decide(self.plan, self.state, event)

    def again(self, position: int) -> tuple[Action, ...]:
        """An earlier event is delivered once more, which changes nothing."""
        before = None if self.run.ended else frozen(self.run)
        event = self.events[position]
        self.state = apply(self.plan, self.state, event)
        assert before is None or frozen(self.run) == before
        return decide(self.plan, self.run, event)

    def reload(self) -> None:
        """The run leaves memory and is loaded from a snapshot."""
        self.state = thaw(self.plan, frozen(self.run))

    def start(self, value: Any = None, **fields: Any) -> tuple[Action, ...]:
        """The run begins with an input."""
        start = Start(run_id=RUN_ID, workflow="story", control_block="sha256-0", input=value, **fields)
        return self.tell("start", start)

    def retry(self, *done: str, value: Any = None) -> tuple[Action, ...]:
        """The run begins as a retry of one in which these tasks were done, by events 70, 71, …"""
        reuse = Reuse(run_id=child_id(99), tasks={path: 70 + number for number, path in enumerate(done)})
        return self.start(value, retry_of=child_id(99), reuse=reuse)

    def output(self, task: str, value: Any = None, attempt: int = 1) -> tuple[Action, ...]:
        """An attempt succeeds."""
        body = Output(task=task, attempt=attempt, output=value, started_at=1.0, ended_at=2.0, executor="e")
        return self.tell(f"block.{task}.output", body)

    def error(self, task: str, code: str = "http.status", attempt: int = 1, **fields: Any) -> tuple[Action, ...]:
        """An attempt fails."""
        error = ErrorInfo(code=code, message="no", **fields)
        body = Error(task=task, attempt=attempt, error=error, started_at=1.0, ended_at=2.0, executor="e")
        return self.tell(f"block.{task}.error", body)

    def port(self, task: str, port: str | bool | None, attempt: int = 1) -> tuple[Action, ...]:
        """A condition or the like has taken a port."""
        name = str(port).lower() if isinstance(port, bool) else port
        return self.output(task, {"port": name}, attempt)

    def expanded(self, loop_: str, count: int, attempt: int = 1) -> tuple[Action, ...]:
        """The items of a loop are stored, so many."""
        return self.output(f"{loop_}:expand", {"items": {"id": "items", "count": count, "page_size": 100}}, attempt)

    def collected(self, task: str, value: Any = None, attempt: int = 1) -> tuple[Action, ...]:
        """The results of a loop or group are gathered."""
        return self.output(f"{task}:collect", value, attempt)

    def sliced(self, task: str, *steps: dict[str, Any], number: int = 0, **fields: Any) -> tuple[Action, ...]:
        """A slice of a script asks for steps, or whatever `fields` say beside them."""
        return self.output(f"{task}:slice-{number}", {"steps": list(steps), **fields})

    def child_started(self, task: str, number: int = 1, attempt: int = 1) -> tuple[Action, ...]:
        """The child run of a block has been started."""
        return self.output(f"{task}:start", {"run_id": child_id(number), "workflow": "child"}, attempt)

    def child_ended(self, task: str, /, end: str = "complete", number: int = 1, **error: Any) -> tuple[Action, ...]:
        """The child run of a block has come to its end."""
        body: dict[str, Any] = {"task": task, "run_id": child_id(number), "workflow": "child", "end": end}
        if end != "complete":
            body["error"] = {"code": "boom", "message": "no", **error}
        return self.tell(f"child.{task}.ended", ChildEnded.model_validate(body))

    def signal(self, name: str, data: Any = None) -> tuple[Action, ...]:
        """Someone says something."""
        return self.tell(f"signal.{name}", Signal(name=name, data=data))

    def fired(self, timer: str) -> tuple[Action, ...]:
        """A timer is due."""
        return self.tell(f"timer.{timer}.fired", TimerFired(timer=timer))

    def cancel(self, reason: str = "") -> tuple[Action, ...]:
        """Someone wants the run to stop."""
        return self.tell("request.cancel", CancelRequest(reason=reason))

    def pause(self) -> tuple[Action, ...]:
        """Someone wants the run to hold."""
        return self.tell("request.pause", PauseRequest())

    def resume(self) -> tuple[Action, ...]:
        """The run is to go on."""
        return self.tell("request.resume", ResumeRequest())

    def granted(self, kind: str, task: str | None = None, attempt: int = 1, key: str = "") -> tuple[Action, ...]:
        """A limit has room for the run or an attempt."""
        if not key and task:
            planned = planned_at(self.plan, self.run, task)
            key = type_key(planned.block.type) if planned else ""
        body = {"key": key or self.run.limits[kind], "kind": kind, "task": task, "attempt": attempt if task else 0}
        return self.tell("limit.granted", LimitGranted.model_validate(body))

    def refused(self, kind: str = "concurrency") -> tuple[Action, ...]:
        """A limit has no room for the run."""
        return self.tell("limit.refused", LimitRefused(key=self.run.limits[kind], max=1))

    def end(self, name: str = "complete") -> tuple[Action, ...]:
        """An end is stored: the one that the run is bound for, or any other."""
        closing = self.run.closing
        bodies: dict[str, Message] = {
            "complete": Complete(),
            "failed": Failed(error=ErrorInfo(code="x", message="x")),
            "cancelled": Cancelled(),
            "timed_out": TimedOut(timeout=1),
        }
        return self.tell(name, closing.body if closing and closing.event == name else bodies[name])

    def statuses(self) -> dict[str, str]:
        """How each task of the run itself stands."""
        return {name: task.status.value for name, task in self.run.root.tasks.items()}

    def status(self, path: str) -> str:
        """How a task stands, wherever it is and whether or not it is over."""
        return self.view.task(path).status.value

    def running(self) -> list[str]:
        """The tasks that are in the hands of executors."""
        return [
            frame.path(key)
            for frame in self.run.frames.values()
            for key, task in frame.tasks.items()
            if task.status is TaskStatus.QUEUED and not task.pending
        ]
