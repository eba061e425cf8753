"""Services with a JSON HTTP API, played by a site."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from support.site import Reply, Request


def answer(json: Any, status: int = 200, **headers: str) -> Reply:
    """What a service answers; headers are written with `_` for `-`."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(
        status=status, headers=(("content-type", "application/json; charset=utf-8"), *named), body=orjson.dumps(json)
    )


def body_of(request: Request) -> Any:
    """The JSON of a request."""
    assert request.headers["content-type"].startswith("application/json"), request.headers
    return orjson.loads(request.body)


def form_of(request: Request) -> dict[str, str]:
    """The form of a request."""
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    return {name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}


def query_of(request: Request) -> dict[str, str]:
    """The query of a request."""
    query = parse_qs(urlsplit(request.target).query, keep_blank_values=True)
    return {name: ",".join(values) for name, values in query.items()}
