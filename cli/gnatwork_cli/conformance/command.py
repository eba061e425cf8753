"""`gnatwork conformance`: whether an executor in any language keeps to the protocol."""

import re
import tempfile
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import typer

from gnatwork_cli.conformance.check import Finding
from gnatwork_cli.conformance.suite import findings, open_bench
from gnatwork_cli.conformance.verdict import Unmet, Verdict
from gnatwork_cli.loop import run_async
from gnatwork_cli.messages import fail, say
from gnatwork_cli.output import Format, OutputOption, print_data
from gnatwork_schemas.names import BLOCK_TYPE_PATTERN

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)

#: Where the sections are.
_PAGE = "docs/reference/protocol.md"


@app.callback()
def conformance() -> None:
    """Examine programs that play a part of Gnatwork."""


@app.command()
def executor(
    *,
    block_type: Annotated[str, typer.Option("--type", help="The block type that the executor hosts.")],
    command: Annotated[
        str | None,
        typer.Option(help="What starts the executor, with the server's URL in NATS_URL; default: it runs already."),
    ] = None,
    nats: Annotated[
        str | None,
        typer.Option(help="URL of a NATS server without a scheduler; default: one of its own, which takes --command."),
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Play the engine against an executor of a block type, and check each promise of the protocol.

    The type is one that does what the section `The type that is examined` of docs/reference/protocol.md says.
    Exits with 1 if a promise is not kept.
    """
    if not re.fullmatch(BLOCK_TYPE_PATTERN, block_type):
        fail(f"--type {block_type!r} can't be a block type; it must match {BLOCK_TYPE_PATTERN}")
    if command is None and nats is None:
        fail("give --command, to start the executor beside a server of its own, or --nats, where it runs already.")
    found = run_async(_examine(block_type, nats, command, output))
    raise typer.Exit(0 if all(finding.verdict is not Verdict.FAILED for finding in found) else 1)


async def _examine(type_: str, nats: str | None, command: str | None, output: Format) -> list[Finding]:
    found = []
    with tempfile.TemporaryDirectory(prefix="gnatwork-conformance-", ignore_cleanup_errors=True) as folder:
        try:
            async with (
                open_bench(type_, nats, command, Path(folder)) as bench,
                aclosing(findings(bench)) as all_of_them,
            ):
                async for finding in all_of_them:
                    found.append(finding)
                    if output is Format.TABLE:
                        _tell(finding)
        except Unmet as error:
            fail(str(error))
    if output is Format.TABLE:
        counts = {verdict: sum(finding.verdict is verdict for finding in found) for verdict in Verdict}
        say("\n" + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    else:
        print_data([finding._asdict() for finding in found], output)
    return found


def _tell(finding: Finding) -> None:
    say(f"{finding.verdict.value:<8} {finding.name:<19} {finding.promise}")
    if finding.reason:
        say(f"{'':<29}{finding.reason}")
    if finding.verdict is Verdict.FAILED:
        say(f"{'':<29}see {_PAGE}#{finding.section}")
