"""The verb `run.list`, the same over HTTP and NATS: which runs to show, and a page of them."""

import contextlib
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from pydantic import BeforeValidator, Field, WithJsonSchema

from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.index.query import RunFilter
from gnatwork_manager.pages import DEFAULT_LIMIT, MAX_LIMIT, decode_cursor, encode_cursor, page
from gnatwork_schemas.model import StrictModel
from gnatwork_schemas.status import RunStatus


def _parse_time(value: Any) -> float:
    """Unix seconds; a time without a zone is one in UTC."""
    with contextlib.suppress(TypeError, ValueError):
        return float(value)
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("a time is RFC 3339, such as 2026-11-20T08:00:00Z, or a number of Unix seconds") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


#: The end of the year 9999, the last that RFC 3339 can write; stores count in whole numbers of 64 bits.
_LAST = 253_402_300_799
#: Unix seconds, validated from a number or from text.
Time = Annotated[
    float,
    Field(allow_inf_nan=False, ge=-_LAST, le=_LAST),
    BeforeValidator(_parse_time),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number", "minimum": -_LAST, "maximum": _LAST}]}
    ),
]


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
    since: Time | None = Field(default=None, description="Created then or later; RFC 3339, or Unix seconds.")
    until: Time | None = Field(default=None, description="Created earlier; RFC 3339, or Unix seconds.")
    trigger: str | None = Field(default=None, description="The type of what started them, such as `api`, or its id.")
    parent: str | None = Field(default=None, description="The id of the run that started them.")
    search: str | None = Field(
        default=None,
        max_length=200,
        description="Words that all occur in the workflow's name, values of labels, or code and message of the error; "
        "`word*` stands for all that begin so, from three letters on. Or at least four digits that a run id begins "
        "with.",
    )

    def wanted(self) -> RunFilter:
        """As the index takes it."""
        return RunFilter(
            workflow=self.workflow,
            statuses=tuple(self.status),
            labels=tuple(_label(text) for text in self.label),
            since=self.since,
            until=self.until,
            trigger=self.trigger,
            parent=self.parent,
            search=self.search,
        )


async def list_runs(index: RunIndex, namespace: str, query: RunListQuery) -> dict[str, Any]:
    """A page of runs, the newest first."""
    place = decode_cursor(query.cursor, int)
    rows = await index.find(namespace, query.wanted(), place[0] if place else None, query.limit + 1)
    shown = rows[: query.limit]
    more = encode_cursor(shown[-1][0]) if len(rows) > query.limit else None
    return page([orjson.Fragment(document) for _, document in shown], more)


def _label(text: str) -> tuple[str, str | None]:
    key, separator, value = text.partition("=")
    return key, value if separator else None
