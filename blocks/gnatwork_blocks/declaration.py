"""Whether what a block declares can work: found when its module is imported, not in the first task."""

import inspect
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from gnatwork_schemas.error import ERROR_CODE_PATTERN
from gnatwork_schemas.names import BLOCK_TYPE_PATTERN, PORT_PATTERN

RunsIn = Literal["loop", "thread", "process"]

#: What a block may say that it does to the world.
CAPABILITIES = ("network", "cpu", "secrets", "side-effects")

#: What each place wants, in the words of a message.
_WANTED = {
    "loop": "`async def run(self, ctx, config)`",
    "thread": "`def run(self, ctx, config)`, without `async`",
    "process": "a static method `compute(config)`",
}


def place_of(block: Any, base: Any) -> Any:
    """Where a block of this class runs, a `RunsIn`: as it says, or else as its method does; `base` is `Block`.

    Raises:
        TypeError: There is no method, or it is none for the place that the class names.
    """
    fitting = _fitting(block, base)
    # The nearest class that says anything about it decides.
    nearest = next((cls for cls in block.__mro__ if {"runs_in", "run", "compute"} & vars(cls).keys()), base)
    declared = vars(nearest)["runs_in"] if nearest is not base and "runs_in" in vars(nearest) else fitting or "loop"
    if declared not in _WANTED:
        raise _wrong(block, f"runs_in must be {' or '.join(map(repr, _WANTED))}, not {declared!r}")
    # What computes may have a `run` as well, which nobody calls.
    if fitting is None and (nearest is base or "runs_in" not in vars(nearest)):
        raise _wrong(
            block, "it has neither `async def run(self, ctx, config)`, nor `def run`, nor a static `compute(config)`"
        )
    if declared != fitting and not (declared == "process" and block.compute is not base.compute):
        raise _wrong(block, f"runs_in is {declared!r}, but {_WANTED[declared]} is missing")
    return declared


def check_declaration(block: Any, runs_in: RunsIn) -> None:
    """TypeError for a declaration that could not run; `runs_in` is where it does."""
    if not isinstance(block.type, str) or not re.fullmatch(BLOCK_TYPE_PATTERN, block.type):
        raise _wrong(block, f"type {block.type!r} must match {BLOCK_TYPE_PATTERN}")
    for attribute in ("title", "summary", "version", "icon", "category"):
        value = getattr(block, attribute, "")
        if not isinstance(value, str) or not value:
            raise _wrong(block, f"{attribute} is missing" if not value else f"{attribute} must be a text")
    for attribute in ("Config", "Output"):
        declared = getattr(block, attribute)
        if declared is not Any and not (isinstance(declared, type) and issubclass(declared, BaseModel)):
            raise _wrong(block, f"{attribute} must be a pydantic model or typing.Any")
    _check_lists(block)
    _check_arguments(block, runs_in)


def _check_lists(block: Any) -> None:
    for attribute in ("ports", "capabilities", "retryable"):
        values = getattr(block, attribute)
        if isinstance(values, str) or not all(isinstance(value, str) for value in values):
            raise _wrong(block, f"{attribute} must be a tuple of texts, such as ('a', 'b') or ('a',)")
    if wrong := [port for port in block.ports if not re.fullmatch(PORT_PATTERN, port) or port in {"out", "error"}]:
        raise _wrong(block, f"{wrong[0]!r} can't be a port")
    if unknown := [word for word in block.capabilities if word not in CAPABILITIES]:
        raise _wrong(block, f"{unknown[0]!r} is no capability; there are {', '.join(CAPABILITIES)}")
    if codes := [code for code in block.retryable if not re.fullmatch(ERROR_CODE_PATTERN, code)]:
        raise _wrong(block, f"retryable: {codes[0]!r} is no error code; write dotted lower case, such as 'shop.closed'")
    if not all(isinstance(example, Mapping) for example in block.examples):
        raise _wrong(block, "examples must be configs, each a dict")


def _fitting(block: Any, base: Any) -> RunsIn | None:
    """Where the method that a class has can run; None when it has none."""
    if block.run is not base.run:
        if inspect.isasyncgenfunction(block.run) or inspect.isgeneratorfunction(block.run):
            raise _wrong(block, "`run` must return its output, not yield it; report on the way with ctx.progress")
        return "loop" if inspect.iscoroutinefunction(block.run) else "thread"
    return None if block.compute is base.compute else "process"


def _check_arguments(block: Any, runs_in: RunsIn) -> None:
    name, method = ("compute", block.compute) if runs_in == "process" else ("run", block.run)
    if runs_in == "process" and inspect.iscoroutinefunction(method):
        raise _wrong(block, "`compute` runs in a process of its own, without an event loop; leave `async` out")
    arguments = (None,) if runs_in == "process" else (None, None, None)
    try:
        inspect.signature(method).bind(*arguments)
    except TypeError as error:
        raise _wrong(block, f"`{name}` must be {_WANTED[runs_in]}: {error}") from None


def _wrong(block: Any, what: str) -> TypeError:
    return TypeError(f"{block.__module__}.{block.__qualname__}: {what}")
