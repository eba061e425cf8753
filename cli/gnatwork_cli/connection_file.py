"""`<data-dir>/connection.json`: how clients on this machine find what `gnatwork up` started."""

import json
import os
from pathlib import Path
from typing import NamedTuple

NAME = "connection.json"


class Addresses(NamedTuple):
    """What the file holds."""

    #: Base URL of the manager, without `/api/v1`.
    api: str
    #: URL with all that a NATS client needs to connect.
    nats: str
    token: str
    #: The process to ask to stop.
    pid: int


def write(data_dir: Path, addresses: Addresses) -> Path:
    """Write the file whole or not at all, readable by its owner alone."""
    path = data_dir / NAME
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(addresses._asdict(), file, indent=2)
        file.write("\n")
    fresh.replace(path)
    return path


def remove(data_dir: Path) -> None:
    """Remove the file, if it is there."""
    (data_dir / NAME).unlink(missing_ok=True)
