"""`python -m chaos`: one session; exit status 1 and what to look at when something is wrong."""

import argparse
import asyncio
import logging
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from chaos.report import Report
from chaos.session import Options, Session
from gnatwork_cli.signals import until_stopped


def main() -> int:
    """Run a session; 0 when all is well, 1 when not, 130 when it was stopped."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="runs to submit (default: 10000)")
    parser.add_argument("--kills", type=int, default=200, help="kills (default: 200), freezes and cuts between them")
    parser.add_argument("--gap", type=float, default=2.5, help="seconds for each fault (default: 2.5)")
    parser.add_argument("--seed", type=int, default=None, help="what is done and when (default: another each time)")
    parser.add_argument("--folder", type=Path, default=None, help="new, for what is left behind; kept")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="gnatwork-chaos-"))
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    _say(f"seed {seed}: {options.runs} runs, {options.kills} kills")
    session_options = Options(seed=seed, runs=options.runs, kills=options.kills, gap=options.gap, folder=folder)
    # That the server goes away is no news here.
    logging.getLogger("gnatwork_bus").setLevel(logging.ERROR)
    reports: list[Report] = []

    async def play() -> None:
        reports.append(await Session(session_options, _say).run())

    stopped = asyncio.run(until_stopped(play(), on_first=lambda: _say("Stopping …"), on_next=lambda: None))
    if stopped or not reports:
        return 130
    report = reports[0]
    _say(report.table(folder))
    if report.violations:
        return 1
    if options.folder is None:
        shutil.rmtree(folder)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
