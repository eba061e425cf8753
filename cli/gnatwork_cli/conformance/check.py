"""A check, and what comes of it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.verdict import Inapplicable, Unmet, Verdict


class Check(NamedTuple):
    """One promise of the protocol."""

    name: str
    #: What an executor does that keeps to it.
    promise: str
    #: The section of `docs/reference/protocol.md` that asks for it.
    section: str
    run: Callable[[Bench], Awaitable[None]]
    #: Whether nothing else may go on meanwhile, since it disturbs the executor or the server.
    alone: bool = False


class Finding(NamedTuple):
    """A check and what came of it."""

    name: str
    promise: str
    section: str
    verdict: Verdict
    #: Why it has not passed.
    reason: str = ""


async def examine(check: Check, bench: Bench) -> Finding:
    """Make a check."""
    verdict, reason = Verdict.PASSED, ""
    try:
        await check.run(bench)
    except Unmet as error:
        verdict, reason = Verdict.FAILED, str(error)
    except Inapplicable as error:
        verdict, reason = Verdict.SKIPPED, str(error)
    return Finding(check.name, check.promise, check.section, verdict, reason)
