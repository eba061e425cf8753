"""How two definitions of a workflow differ: block by block, whatever its place in the file."""

from typing import Any, Literal

from gnatwork_schemas.model import Model

Change = Literal["added", "removed", "changed"]


class FieldChange(Model):
    """A value that is not the same."""

    #: JSON Pointer into the workflow, the block or the trigger.
    pointer: str
    change: Change
    #: What it was; null as well where it was added.
    old: Any = None
    #: What it is; null as well where it was removed. Of an order, both are the ids in it.
    new: Any = None


class PartChange(Model):
    """A block or a trigger that is not the same."""

    #: Of a block its path, such as `each/notify`, as tasks are named, without iterations; of a trigger its id.
    id: str
    type: str
    change: Change
    #: What of it has changed; empty where all of it was added or removed.
    fields: tuple[FieldChange, ...] = ()
    #: All of it where it was removed or added.
    old: Any = None
    new: Any = None


class WorkflowDiff(Model):
    """What has to be done to a definition to make it another one; nothing where all three are empty."""

    workflow: str
    #: The version that the changes begin from.
    old: int
    #: The version that they lead to; None for a definition that was sent.
    new: int | None = None
    #: Of the workflow itself; of its blocks and triggers, only their order.
    fields: tuple[FieldChange, ...] = ()
    #: The outermost block only where a block was added or removed with others inside.
    blocks: tuple[PartChange, ...] = ()
    triggers: tuple[PartChange, ...] = ()
    #: Whether there is no difference at all.
    same: bool
