"""What to look for in the index. Pure: SQL and its parameters."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gnatwork_manager.index import terms
from gnatwork_manager.index.place import PER_MILLISECOND, id_prefix, places_of
from gnatwork_schemas.status import RunStatus

#: Milliseconds by which the clocks of managers, which make ids, may differ from the server's, which says `created_at`.
_CLOCKS = 60_000


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
    #: Words that all occur, or the beginning of a run id.
    search: str | None = None


class Query(NamedTuple):
    """A statement and its parameters."""

    sql: str
    parameters: tuple[str | float, ...]


class _Part(NamedTuple):
    """A statement that yields ids of runs, the newest first."""

    sql: str
    parameters: list[str | float]


def list_query(namespace: str, wanted: RunFilter, before: int | None, limit: int) -> Query:
    """The newest runs first, those before a place, at most `limit`: rows of place and document."""
    parts = list(_parts(namespace, wanted, before))
    found = " UNION ".join(f"SELECT * FROM ({part.sql} ORDER BY id DESC LIMIT ?)" for part in parts)  # noqa: S608
    parameters = [value for part in parts for value in (*part.parameters, limit)]
    sql = (
        f"SELECT id, document FROM ({found or 'SELECT 0 AS id WHERE 0'}) JOIN documents USING (id)"  # noqa: S608 - ours
        " ORDER BY id DESC LIMIT ?"
    )
    return Query(sql, (*parameters, limit))


def _parts(namespace: str, wanted: RunFilter, before: int | None) -> Iterator[_Part]:
    """What together yields all runs that are wanted: each part is in the order of lists and stops early."""
    exact = _terms(namespace, wanted)
    if wanted.search is None:
        yield from _found(namespace, wanted, before, exact, []) if exact else _listed(namespace, wanted, before)
        return
    if words := terms.searched(wanted.search):
        yield from _found(namespace, wanted, before, exact or [terms.namespace_term(namespace)], words)
    if prefix := id_prefix(wanted.search.strip().lower()):
        if exact:
            yield from _found(namespace, wanted, before, exact, [], prefix)
        else:
            yield from _listed(namespace, wanted, before, prefix)


def _terms(namespace: str, wanted: RunFilter) -> list[str]:
    found = [terms.label_term(namespace, key, value) for key, value in wanted.labels]
    if wanted.workflow is not None:
        found.append(terms.workflow_term(namespace, wanted.workflow))
    if wanted.trigger is not None:
        found.append(terms.trigger_term(namespace, wanted.trigger))
    if wanted.parent is not None:
        found.append(terms.parent_term(namespace, wanted.parent))
    return found


def _listed(namespace: str, wanted: RunFilter, before: int | None, prefix: str | None = None) -> Iterator[_Part]:
    """By status alone: one part for each, since an index has them in order one by one."""
    for status in dict.fromkeys(wanted.statuses) or (None,):
        conditions = _Conditions("id")
        conditions.add("namespace = ?", namespace)
        if status is not None:
            conditions.add("status = ?", status)
        conditions.bound(wanted, before, prefix)
        yield _Part(f"SELECT id FROM runs WHERE {conditions.sql}", conditions.parameters)  # noqa: S608 - our text


def _found(  # noqa: PLR0917 - what to look for, and how
    namespace: str,
    wanted: RunFilter,
    before: int | None,
    exact: list[str],
    words: list[str],
    prefix: str | None = None,
) -> Iterator[_Part]:
    """By terms and words: the full-text table has the runs of each in order, and goes through several at once."""
    statuses = [terms.status_term(namespace, status) for status in wanted.statuses]
    conditions = _Conditions("found_by.rowid")
    conditions.add("found_by MATCH ?", terms.matching(exact, statuses, words))
    conditions.add("namespace = ?", namespace)
    if wanted.statuses:
        conditions.add(f"status IN ({', '.join('?' * len(wanted.statuses))})", *wanted.statuses)
    conditions.bound(wanted, before, prefix)
    # The order of the tables is ours: else SQLite might go through all runs and look each one up.
    tables = "found_by CROSS JOIN runs ON runs.id = found_by.rowid"
    sql = f"SELECT found_by.rowid AS id FROM {tables} WHERE {conditions.sql}"  # noqa: S608 - our text
    yield _Part(sql, conditions.parameters)


class _Conditions:
    """What rows have to meet; `place` is what holds their place."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._conditions: list[str] = []
        self.parameters: list[str | float] = []

    @property
    def sql(self) -> str:
        """All of them."""
        return " AND ".join(self._conditions)

    def add(self, condition: str, *values: str | float) -> None:
        """One more."""
        self._conditions.append(condition)
        self.parameters.extend(values)

    def bound(self, wanted: RunFilter, before: int | None, prefix: str | None) -> None:
        """What follows from a place, a time, or the beginning of an id: first as places, for these are indexed."""
        if before is not None:
            self.add(f"{self._place} < ?", before)
        if wanted.since is not None:
            self.add(f"{self._place} >= ?", _place_at(wanted.since, -_CLOCKS))
            self.add("created_at >= ?", wanted.since)
        if wanted.until is not None:
            self.add(f"{self._place} < ?", _place_at(wanted.until, _CLOCKS))
            self.add("created_at < ?", wanted.until)
        if prefix is not None:
            self.add(f"{self._place} BETWEEN ? AND ?", *places_of(prefix))
            self.add("substr(run_id, 1, ?) = ?", len(prefix), prefix)


def _place_at(seconds: float, milliseconds: int) -> int:
    """The place of a time moved by so much, within what SQLite can hold."""
    return min(max(int(seconds * 1000) + milliseconds, 0), 1 << 47) * PER_MILLISECOND
