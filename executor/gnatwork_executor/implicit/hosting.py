"""Which processes run the implicit tasks: those that host the group `logic`, or its block `condition`.

Loops and groups need both: whoever can run their conditions can run what the scheduler puts beside them. Slices of
programs are run by those that run other programs of users, the block `code`. The tasks have consumers of their own, as
block types have.
"""

from collections.abc import Collection
from importlib import import_module

from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_schemas import implicit

#: The group, and the block of it, that bring the implicit tasks with them.
_BRINGERS = frozenset({"logic", "condition"})
#: The block, and the group of this name, that bring `slice`.
_RUNS_PROGRAMS = "code"
#: Imported when they are hosted, so that no other process pays for them.
_CLASSES = {
    implicit.EXPAND: ("expand", "Expand"),
    implicit.COLLECT: ("collect", "Collect"),
    implicit.START_RUN: ("start_run", "StartRun"),
    implicit.RUN_RESULT: ("run_result", "RunResult"),
    implicit.REUSE: ("reuse", "Reuse"),
    implicit.RENDER: ("render", "Render"),
}


_PROGRAMS = {implicit.SLICE: ("slice", "Slice")}


def implicit_blocks(names: Collection[str]) -> tuple[type[ImplicitBlock], ...]:
    """The implicit tasks that a process runs which was asked to host these block types and groups."""
    package = __package__
    classes = {} if _BRINGERS.isdisjoint(names) else dict(_CLASSES)
    if _RUNS_PROGRAMS in names:
        classes |= _PROGRAMS
    return tuple(getattr(import_module(f"{package}.{module}"), name) for module, name in classes.values())
