"""What a flow is given beside itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gnatwork.local.catalogue import LocalCatalogue
from gnatwork.local.host import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Shared by all runs of a flow."""

    catalogue: LocalCatalogue
    host: Host
    #: Definitions that child runs may be of.
    workflows: Mapping[str, Any]
    #: Values of connections, by name.
    connections: Mapping[str, Mapping[str, Any]]
