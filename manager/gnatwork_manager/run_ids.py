"""Ids of new runs."""

import secrets
import time

from gnatwork_schemas.run_ids import run_id_of


def new_run_id(now_ns: int | None = None) -> str:
    """A new id; `now_ns` is Unix time in nanoseconds."""
    return run_id_of(time.time_ns() if now_ns is None else now_ns, secrets.randbits(62))
