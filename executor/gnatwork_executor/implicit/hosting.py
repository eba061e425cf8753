"""Which processes run the implicit tasks: those that host the group `logic`, or its block `condition`.

Loops and groups need both: whoever can run their conditions can run what the scheduler puts beside them. The tasks have
consumers of their own, as block types have.
"""

from collections.abc import Iterable
from importlib import import_module

from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_schemas import implicit

#: The group, and the block of it, that bring the implicit tasks with them.
_BRINGERS = frozenset({"logic", "condition"})
#: Imported when they are hosted, so that no other process pays for them.
_CLASSES = {
    implicit.EXPAND: ("expand", "Expand"),
    implicit.COLLECT: ("collect", "Collect"),
    implicit.START_RUN: ("start_run", "StartRun"),
    implicit.RUN_RESULT: ("run_result", "RunResult"),
    implicit.REUSE: ("reuse", "Reuse"),
    implicit.RENDER: ("render", "Render"),
}


def implicit_blocks(names: Iterable[str]) -> tuple[type[ImplicitBlock], ...]:
    """The implicit tasks that a process runs which was asked to host these block types and groups."""
    if _BRINGERS.isdisjoint(names):
        return ()
    package = __package__
    return tuple(getattr(import_module(f"{package}.{module}"), name) for module, name in _CLASSES.values())
