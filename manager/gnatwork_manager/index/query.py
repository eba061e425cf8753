"""What to look for in the index. Pure: SQL and its parameters."""

from dataclasses import dataclass, field
from typing import NamedTuple

from gnatwork_schemas.status import RunStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFilter:
    """Which runs of a namespace a list shows; nothing given shows all."""

    workflow: str | None = None
    #: Any of these.
    statuses: tuple[RunStatus, ...] = ()
    #: All of these; a value of None asks only that the label is there.
    labels: tuple[tuple[str, str | None], ...] = field(default=())
    #: Created at or after, Unix seconds.
    since: float | None = None
    #: Created before, Unix seconds.
    until: float | None = None
    #: The type of the trigger, or its id.
    trigger: str | None = None
    parent: str | None = None


class Place(NamedTuple):
    """The last run of a page: where the next one begins."""

    created_at: float
    run_id: str


class Query(NamedTuple):
    """A statement and its parameters."""

    sql: str
    parameters: tuple[str | float, ...]


def list_query(namespace: str, wanted: RunFilter, after: Place | None, limit: int) -> Query:
    """The newest runs first, those that come after a place, at most `limit`: rows of created_at, run_id, document."""
    conditions, parameters = ["namespace = ?"], list[str | float]([namespace])

    def where(condition: str, *values: str | float) -> None:
        conditions.append(condition)
        parameters.extend(values)

    for condition, value in (
        ("workflow = ?", wanted.workflow),
        ("parent = ?", wanted.parent),
        ("created_at >= ?", wanted.since),
        ("created_at < ?", wanted.until),
    ):
        if value is not None:
            where(condition, value)
    if wanted.statuses:
        where(f"status IN ({', '.join('?' * len(wanted.statuses))})", *wanted.statuses)
    for key, value in wanted.labels:
        if value is None:
            where("id IN (SELECT run FROM labels WHERE namespace = ? AND key = ?)", namespace, key)
        else:
            where("id IN (SELECT run FROM labels WHERE namespace = ? AND key = ? AND value = ?)", namespace, key, value)
    if wanted.trigger is not None:
        where("(trigger_type = ? OR trigger_id = ?)", wanted.trigger, wanted.trigger)
    if after is not None:
        where("(created_at, run_id) < (?, ?)", *after)
    sql = (
        f"SELECT created_at, run_id, document FROM runs WHERE {' AND '.join(conditions)}"  # noqa: S608 - only our text
        " ORDER BY created_at DESC, run_id DESC LIMIT ?"
    )
    return Query(sql, (*parameters, limit))
