"""The entry about what has just been done."""

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from gnatwork_manager.actors import actor
from gnatwork_manager.audit.notes import Notes
from gnatwork_manager.problems import request_id
from gnatwork_schemas.audit import AuditEntry
from gnatwork_schemas.names import NAME_PATTERN

Outcome = Literal["done", "refused"]

#: Characters of a target: it is part of a path, which is as long as whoever asks likes.
_LONGEST = 300
_NAME = re.compile(NAME_PATTERN)


def entry_of(action: str, outcome: Outcome, noted: Notes, *, target: str, namespace: str | None) -> AuditEntry:
    """The entry about the request that is being answered.

    Args:
        action: what was asked for.
        outcome: whether it was done.
        noted: what its endpoint has added.
        target: what it was about, as far as the request says so.
        namespace: the one that it was about; None for the whole installation.
    """
    who = actor.get()
    return AuditEntry(
        at=time.time(),
        who=str(who),
        who_id=who.id,
        what=action,
        outcome=outcome,
        target=(noted.target or target)[:_LONGEST],
        # A name that is none was refused, and is no token of a subject.
        namespace=namespace if namespace and _NAME.fullmatch(namespace) else None,
        address=who.address,
        request_id=request_id.get(),
        details=noted.details,
    )


def target_of(body: Mapping[str, Any], names: Iterable[str]) -> str:
    """What a request over NATS is about: the fields that the path of its twin has, its id for one that it lacks."""
    texts = {name: str(value) for name, value in body.items() if isinstance(value, str | int)}
    found = [texts.get(name, texts.get("id")) for name in names] or [texts.get("id")]
    return "/".join(part for part in found if part is not None)
