"""Histories told in tests: given these events, when this one comes, then these actions."""

from typing import Any

from gnatwork_engine.core import Event, Plan, RunAddress, RunState, apply, decide
from gnatwork_engine.core.actions import Action
from gnatwork_engine.template import parse_template
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock, Need
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import (
    Cancelled,
    CancelRequest,
    Complete,
    Error,
    Failed,
    Message,
    Output,
    Start,
    TimedOut,
    TimerFired,
)
from gnatwork_schemas.template import PathExpression, Templated, TemplateLeaf

RUN_ID = "01931d2e-0000-7000-8000-000000000001"
ADDRESS = RunAddress(3, "default", "story", RUN_ID)


def leaf(text: str, *at: str | int) -> TemplateLeaf:
    """The parsed template at a place of a config; block ids stand for their outputs."""
    parts = parse_template(text)
    assert parts is not None
    return TemplateLeaf(at=at, parts=tuple(_canonical(part) for part in parts))


def _canonical(part: PathExpression | str) -> PathExpression | str:
    if isinstance(part, str) or part.path[0] in {"input", "run", "trigger", "error", "blocks"}:
        return part
    return part.model_copy(update={"path": ("blocks", *part.path)})


def block(name: str, *needs: str, **fields: Any) -> ControlledBlock:
    """A `noop` block; needs as `id` or `id.port`; string values of `config` may be templates."""
    config = fields.pop("config", {})
    templates = tuple(leaf(text, key) for key, text in config.items() if isinstance(text, str) and "{{" in text)
    edges = tuple(Need(block=b, port=port or "out") for b, _, port in (need.partition(".") for need in needs))
    return ControlledBlock(
        id=name, type=fields.pop("type", "noop"), config=config, templates=templates, needs=edges, timeout=60, **fields
    )


class Story:
    """A run that is told event by event."""

    def __init__(self, *blocks: ControlledBlock, output: str | None = None, timeout: float | None = None) -> None:
        self.plan = Plan(
            ControlBlock(
                workflow="story",
                blocks=blocks,
                timeout=timeout,
                output=Templated(config=output, templates=(leaf(output),)) if output else None,
            )
        )
        self.state: RunState | None = None
        self.events: list[Event] = []

    @property
    def run(self) -> RunState:
        """The state, once there is one."""
        assert self.state is not None
        return self.state

    def event(self, name: str, body: Message | None) -> Event:
        """The event that would come next; a second passes between events."""
        number = len(self.events) + 1
        return Event(ADDRESS.base, name, number * 10, 1_000.0 + number, body)

    def tell(self, name: str, body: Message | None) -> tuple[Action, ...]:
        """The next event comes; the actions that it calls for."""
        event = self.event(name, body)
        self.events.append(event)
        self.state = apply(self.plan, self.state, event)
        return decide(self.plan, self.state, event)

    def again(self, position: int) -> tuple[Action, ...]:
        """An earlier event is delivered once more."""
        event = self.events[position]
        self.state = apply(self.plan, self.state, event)
        return decide(self.plan, self.run, event)

    def start(self, value: Any = None) -> tuple[Action, ...]:
        """The run begins with an input."""
        return self.tell("start", Start(run_id=RUN_ID, workflow="story", control_block="sha256-0", input=value))

    def output(self, task: str, value: Any = None, attempt: int = 1) -> tuple[Action, ...]:
        """An attempt succeeds."""
        body = Output(task=task, attempt=attempt, output=value, started_at=1.0, ended_at=2.0, executor="e")
        return self.tell(f"block.{task}.output", body)

    def error(self, task: str, code: str = "http.status", attempt: int = 1, **fields: Any) -> tuple[Action, ...]:
        """An attempt fails."""
        error = ErrorInfo(code=code, message="no", **fields)
        body = Error(task=task, attempt=attempt, error=error, started_at=1.0, ended_at=2.0, executor="e")
        return self.tell(f"block.{task}.error", body)

    def fired(self, timer: str) -> tuple[Action, ...]:
        """A timer is due."""
        return self.tell(f"timer.{timer}.fired", TimerFired(timer=timer))

    def cancel(self, reason: str = "") -> tuple[Action, ...]:
        """Someone wants the run to stop."""
        return self.tell("request.cancel", CancelRequest(reason=reason))

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
        """How each task stands."""
        return {name: task.status.value for name, task in self.run.tasks.items()}
