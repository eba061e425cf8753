"""What an attempt touches outside of itself."""

from dataclasses import dataclass

from gnatwork_blocks.block import Block
from gnatwork_blocks.resources import Resources
from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.items import Items
from gnatwork_bus.kv import Bucket
from gnatwork_bus.payloads import Payloads
from gnatwork_executor.connections import Connections
from gnatwork_executor.processes import Processes
from gnatwork_executor.statistics import Statistics
from gnatwork_executor.threads import Threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The world of one executor process, shared by all its attempts."""

    #: How outcomes name this process.
    executor: str
    connection: Connection
    history: History
    payloads: Payloads
    items: Items
    #: Stored workflows and control blocks.
    state: Bucket
    #: What blocks share.
    resources: Resources
    processes: Processes
    threads: Threads
    #: Values of connections.
    connections: Connections
    #: See `ExecutorSettings.max_deliveries`.
    max_deliveries: int

    def tell(self, subject: str, data: bytes) -> None:
        """Send what is of use only now; nothing piles up while NATS is away."""
        if self.connection.is_connected:
            self.connection.send(subject, data)


@dataclass(frozen=True, slots=True)
class Hosted:
    """A block type that this process hosts."""

    block: Block
    statistics: Statistics
