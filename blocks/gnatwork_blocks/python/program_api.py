"""What a program in Python may call: each call as the step that it asks for, `[kind, type, config, options]`."""

from collections.abc import Callable
from typing import Any

#: Of `transition`: how a function that is handed over is written.
_FUNCTION = ("<function '", "'")


def step(type: str, config: Any = None, options: Any = None, /, **more: Any) -> list[Any]:  # noqa: A002 - a program's word
    """A task."""
    return ["task", type, {} if config is None else config, {**(options or {}), **more}]


def sleep(duration: Any, /) -> list[Any]:
    """A delay: a text such as `2h`, or seconds."""
    return ["delay", "delay", {"for": duration}, {}]


def wait_signal(name: str, /, *, timeout: Any = None, schema: Any = None) -> list[Any]:
    """A wait for a signal."""
    return ["wait", "wait", {"timeout": timeout, "schema": schema, "signal": name}, {}]


def run(workflow: str, input: Any = None, options: Any = None, /, **more: Any) -> list[Any]:  # noqa: A002 - likewise
    """A child run."""
    return ["workflow", "workflow", {"name": workflow, "input": input}, {**(options or {}), **more}]


def transition(next: Any, memory: Any = None, /) -> list[Any]:  # noqa: A002 - likewise
    """Another state."""
    name = str(next)
    before, after = _FUNCTION
    if name.startswith(before):
        name = name.removeprefix(before).partition(after)[0]
    return ["transition", name, memory]


def finish(output: Any = None, /) -> list[Any]:
    """The end."""
    return ["finish", None, output]


#: Calls that ask for steps, by name.
STEPS: dict[str, Callable[..., list[Any]]] = {"step": step, "sleep": sleep, "wait_signal": wait_signal, "run": run}
#: Calls whose result says how the program leaves its state.
ORDERS: dict[str, Callable[..., list[Any]]] = {"transition": transition, "finish": finish}
