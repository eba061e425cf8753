"""What a manager is told when it starts."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from argon2 import Parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from gnatwork_manager.connections.sealing import SecretKeys
from gnatwork_manager.http.bounds import HttpBounds
from gnatwork_manager.people.addresses import Network
from gnatwork_net.allow_list import AllowList

#: Bodies up to this many bytes are taken: 32 MB.
DEFAULT_MAX_BODY = 32 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ManagerSettings:
    """One manager."""

    nats_url: str
    #: What callers must send as bearer token.
    token: str
    #: Where the run index lives.
    data_dir: Path
    host: str = "127.0.0.1"
    #: 0 picks a free one.
    port: int = 7400
    #: Bytes of the largest request body.
    max_body: int = DEFAULT_MAX_BODY
    #: What connections are held to.
    http: HttpBounds = field(default_factory=HttpBounds)
    #: Pages of these origins may call, besides our own.
    cors_origins: tuple[str, ...] = ()
    #: Proxies that are believed when they say where a request comes from.
    trusted_proxies: tuple[Network, ...] = ()
    #: What seals connections; without keys there are none.
    secret_keys: SecretKeys | None = None
    #: Private addresses that the manager may reach on behalf of workflows.
    egress_allow: AllowList = field(default_factory=AllowList)
    #: What it costs to hash a password.
    hashing: Parameters = field(default_factory=lambda: RFC_9106_LOW_MEMORY)
    #: Unix seconds, for whatever expires.
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        if not self.token:
            raise ValueError("a manager needs a token: without one, everyone could run everything")
