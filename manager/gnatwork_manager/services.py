"""Everything that one manager works with, put together once."""

from dataclasses import dataclass

from gnatwork_bus.connection import Connection
from gnatwork_manager.audit.log import AuditLog
from gnatwork_manager.catalogue import Catalogue
from gnatwork_manager.connections.room import ConnectionRoom
from gnatwork_manager.event_stream import EventStreams
from gnatwork_manager.executors.table import Executors
from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.integrations.brought import Brought
from gnatwork_manager.metrics import Metrics
from gnatwork_manager.people.room import PeopleRoom
from gnatwork_manager.reader import RunReader
from gnatwork_manager.remover import Remover
from gnatwork_manager.repeats import Repeats
from gnatwork_manager.run_control import RunControl
from gnatwork_manager.signals import Signals
from gnatwork_manager.submitter import Submitter
from gnatwork_manager.triggers.triggers import Triggers
from gnatwork_manager.waits import Waits
from gnatwork_manager.workflow_store import Workflows


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What the endpoints, over HTTP and NATS, call."""

    connection: Connection
    people: PeopleRoom
    audit: AuditLog
    catalogue: Catalogue
    brought: Brought
    executors: Executors
    index: RunIndex
    submitter: Submitter
    reader: RunReader
    control: RunControl
    signals: Signals
    repeats: Repeats
    remover: Remover
    workflows: Workflows
    triggers: Triggers
    connections: ConnectionRoom
    waits: Waits
    streams: EventStreams
    metrics: Metrics
