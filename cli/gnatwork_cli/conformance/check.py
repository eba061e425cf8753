"""A check, and what comes of it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from pydantic import ValidationError

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
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        verdict, reason = (
            Verdict.FAILED,
            f"the {error.title} that it has written can't be read: {place}: {fault['msg']}",
        )
    return Finding(check.name, check.promise, check.section, verdict, reason)
