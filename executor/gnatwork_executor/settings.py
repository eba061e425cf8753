"""What an executor is told when it starts."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ExecutorSettings:
    """The settings of one executor process."""

    #: Where NATS is; may hold credentials.
    nats_url: str
    #: The block types, or groups of them, that this process hosts. The group `logic`, or its block `condition`,
    #: brings the implicit tasks with it.
    blocks: tuple[str, ...]
    #: The most work items that it holds at once, all its types together.
    concurrency: int = 256
    #: Private addresses that blocks may reach: CIDRs and host names, comma-separated.
    egress_allow: str = ""
    #: How often an item may be delivered before it is given up as one that kills its executors.
    max_deliveries: int = 5
    #: Seconds that running blocks get to finish when the process is to leave.
    drain: float = 25.0
    #: How outcomes name this process; host name and process id unless given.
    name: str | None = None
