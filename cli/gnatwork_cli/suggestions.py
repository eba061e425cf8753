"""What a shell offers where a command takes a run, a workflow or a block type: asked of the running manager.

A shell waits for this at each press of a key, so it gives up soon, and says nothing when something is wrong.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import typer

from gnatwork import AddressError, find_address
from gnatwork_schemas.names import DEFAULT_NAMESPACE

#: Seconds that the manager may take.
_PATIENCE = 0.7
_MOST = 50
#: Digits from which on the manager finds a run by the beginning of its id.
_SEARCHED = 4

#: Texts, each with what it is.
Suggestions = list[tuple[str, str]]
Suggest = Callable[[typer.Context, str], Suggestions]


def run_ids(ctx: typer.Context, incomplete: str) -> Suggestions:
    """Runs, the newest first."""
    search = {"search": incomplete} if len(incomplete) >= _SEARCHED else {}
    return [
        (run["run_id"], f"{run['workflow']}, {run['status']}")
        for run in _items(ctx, "/runs", **search)
        if run["run_id"].startswith(incomplete)
    ]


def workflow_names(ctx: typer.Context, incomplete: str) -> Suggestions:
    """Stored workflows."""
    return _names(_items(ctx, "/workflows"), "name", "description", incomplete)


def block_types(ctx: typer.Context, incomplete: str) -> Suggestions:
    """Block types that executors have announced."""
    return _names(_items(ctx, "/blocks"), "type", "summary", incomplete)


def _names(items: Iterator[Any], name: str, about: str, incomplete: str) -> Suggestions:
    return [(item[name], item.get(about) or "") for item in items if item[name].startswith(incomplete)]


def _items(ctx: typer.Context, path: str, **query: Any) -> Iterator[Any]:
    """The first items of a list; none when there is no answer."""
    told = ctx.params
    try:
        address = find_address(api=told.get("api"), token=told.get("token"), data_dir=told.get("data_dir"))
        reply = httpx.get(
            f"{(address.api or '').rstrip('/')}/api/v1{path}",
            params={"limit": _MOST, **query},
            headers={
                "Authorization": f"Bearer {address.token or ''}",
                "X-Gnatwork-Namespace": told.get("namespace") or DEFAULT_NAMESPACE,
            },
            timeout=_PATIENCE,
            trust_env=False,
        )
        yield from reply.raise_for_status().json()["items"]
    except (AddressError, httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError):
        return
