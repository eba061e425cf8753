"""The verb `run.list`, the same over HTTP and NATS: which runs to show, and a page of them."""

from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import Field

from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.index.query import Place, RunFilter
from gnatwork_manager.pages import DEFAULT_LIMIT, MAX_LIMIT, decode_cursor, encode_cursor, page
from gnatwork_schemas.model import StrictModel
from gnatwork_schemas.status import RunStatus


class PageQuery(StrictModel):
    """Which page of a list."""

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many items to give at most.")
    cursor: str | None = Field(default=None, max_length=1024, description="`next_cursor` of the page before.")


class RunListQuery(PageQuery):
    """Which runs a list shows; nothing given shows all."""

    workflow: str | None = Field(default=None, description="The name of their workflow.")
    status: list[RunStatus] = Field(default_factory=list, description="Any of these; may be given several times.")
    label: list[str] = Field(
        default_factory=list, max_length=32, description="`name=value`, or `name` with any value; all of these."
    )
    since: datetime | None = Field(default=None, description="Created then or later; RFC 3339, or Unix seconds.")
    until: datetime | None = Field(default=None, description="Created earlier; RFC 3339, or Unix seconds.")
    trigger: str | None = Field(default=None, description="The type of what started them, such as `api`, or its id.")
    parent: str | None = Field(default=None, description="The id of the run that started them.")

    def wanted(self) -> RunFilter:
        """As the index takes it."""
        return RunFilter(
            workflow=self.workflow,
            statuses=tuple(self.status),
            labels=tuple(_label(text) for text in self.label),
            since=_seconds(self.since),
            until=_seconds(self.until),
            trigger=self.trigger,
            parent=self.parent,
        )


async def list_runs(index: RunIndex, namespace: str, query: RunListQuery) -> dict[str, Any]:
    """A page of runs, the newest first."""
    place = decode_cursor(query.cursor, float, str)
    rows = await index.find(namespace, query.wanted(), Place(*place) if place else None, query.limit + 1)
    shown = rows[: query.limit]
    more = encode_cursor(*shown[-1][0]) if len(rows) > query.limit else None
    return page([orjson.Fragment(document) for _, document in shown], more)


def _label(text: str) -> tuple[str, str | None]:
    key, separator, value = text.partition("=")
    return key, value if separator else None


def _seconds(time: datetime | None) -> float | None:
    """Unix seconds; a time without a zone is one in UTC."""
    if time is None:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
