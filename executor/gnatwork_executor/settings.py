"""What an executor is told when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ExecutorSettings:
    """The settings of one executor process."""

    #: Where NATS is; may hold credentials.
    nats_url: str
    #: The block types, or groups of them, that this process hosts. The group `logic`, or its block `condition`,
    #: brings the implicit tasks with it.
    blocks: tuple[str, ...]
    #: The most work items that it holds at once, all its types together; None is 128 for each block type.
    concurrency: int | None = None
    #: Private addresses that blocks may reach: CIDRs and host names, comma-separated.
    egress_allow: str = ""
    #: Folder of the SQLite files that blocks may open; None is nowhere.
    sqlite_dir: Path | None = None
    #: Whether `python-full` may be hosted: it runs code of users in CPython, which the kernel alone holds.
    allow_python_full: bool = False
    #: By block type, the most attempts at once, over all executors. The catalogue tells the compiler, and the
    #: scheduler sees to it; what the executor that started last says, counts.
    limits: Mapping[str, int] = field(default_factory=dict)
    #: How many executors may vanish with an item before it is given up as one that kills them.
    max_deliveries: int = 5
    #: Resident megabytes from which on the process drains and leaves, for another to take its place; 0 is any number.
    max_memory: int = 1024
    #: Seconds that running blocks get to finish when the process is to leave.
    drain: float = 25.0
    #: How outcomes name this process; host name and process id unless given.
    name: str | None = None
