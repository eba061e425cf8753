"""`make bench`: one JSON line per system, then the ratios."""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import uvloop

from bench import code, floor, index, large, product, scripts, submissions
from bench.figures import Figures
from gnatwork import Client
from gnatwork_bus.embedded import EmbeddedServer


def main() -> None:
    """Measure floor and product, one after the other, with the same server settings."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="linear runs at once")
    parser.add_argument("--repeat", type=int, default=60, help="repetitions of what is measured alone")
    parser.add_argument("--sync", nargs="+", default=["100ms", "always"], help="sync intervals of the server to try")
    parser.add_argument(
        "--large", action=argparse.BooleanOptionalAction, default=True, help="long and parked runs, too"
    )
    parser.add_argument(
        "--code",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="conditions, code and programs of users, too",
    )
    parser.add_argument("--index", type=int, default=1_000_000, help="runs in a run index; 0 leaves it out")
    parser.add_argument(
        "--submissions", type=float, default=20, help="seconds of submissions over HTTP at each rate; 0 leaves them out"
    )
    options = parser.parse_args()
    for sync in options.sync:
        # Syncing at each write is an order of magnitude slower: the same figures from fewer runs.
        runs = options.runs if sync != "always" else max(20, options.runs // 10)
        beneath = uvloop.run(_floor(sync, runs, options.repeat))
        print(json.dumps(beneath.line("floor", sync=sync, runs=runs)), flush=True)
        with tempfile.TemporaryDirectory() as folder, product.running(Path(folder), sync) as (connection, seconds):
            figures, http = uvloop.run(product.measure(connection, runs=runs, repeat=options.repeat))
        more = {"sync": sync, "runs": runs, "start_seconds": round(seconds, 2), **http}
        print(json.dumps(figures.line("gnatwork", **more)), flush=True)
        print(json.dumps({"system": "ratio", "sync": sync, **figures.against(beneath)}), flush=True)
    if options.submissions:
        with tempfile.TemporaryDirectory() as folder, product.running(Path(folder), options.sync[0]) as (connection, _):
            submitted = uvloop.run(submissions.measure(connection, seconds=options.submissions))
            print(json.dumps({**submitted, "sync": options.sync[0]}), flush=True)
    if options.code:
        everything = tempfile.TemporaryDirectory()
        with (
            everything as folder,
            product.running(Path(folder), options.sync[0], "--blocks", "logic,code") as (found, _),
        ):
            print(
                json.dumps({"system": "gnatwork", "sync": options.sync[0], **uvloop.run(_code(found, options.repeat))})
            )
            print(json.dumps({"system": "gnatwork", "sync": options.sync[0], **uvloop.run(_scripts(found, folder))}))
    if options.large:
        with tempfile.TemporaryDirectory() as folder, product.running(Path(folder), options.sync[0]) as (connection, _):
            print(json.dumps({"system": "gnatwork", "sync": options.sync[0], **uvloop.run(large.measure(connection))}))
    if options.index:
        print(json.dumps({"system": "gnatwork", **index.measure(options.index)}))


async def _code(connection: dict[str, Any], repeat: int) -> dict[str, float]:
    async with Client(connection["nats"]) as client:
        return await code.measure(client, repeat=repeat)


async def _scripts(connection: dict[str, Any], folder: str) -> dict[str, float]:
    async with Client(connection["nats"]) as client:
        return await scripts.measure(client, Path(folder))


async def _floor(sync: str, runs: int, repeat: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedServer(Path(folder), sync_interval=sync) as server:
            return await floor.measure(server.url, server.pid or 0, runs=runs, repeat=repeat)


if __name__ == "__main__":
    main()
