"""`gnatwork doctor`: what works, what does not, and what to do about it."""

from collections.abc import AsyncIterator

import typer

from gnatwork_cli.checks import Finding, examine
from gnatwork_cli.loop import run_async
from gnatwork_cli.messages import say
from gnatwork_cli.options import DEFAULT_DATA_DIR, ApiOption, DataDirOption, NatsOption, TokenOption
from gnatwork_cli.output import Format, OutputOption, print_data

#: Columns for the name of what was looked at; that of the longest block type there is.
_NAME = 34

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def doctor(
    *,
    api: ApiOption = None,
    token: TokenOption = None,
    nats: NatsOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    output: OutputOption = Format.TABLE,
) -> None:
    """Check that everything works, and say what to do if not; exit 1 if something does not."""
    healthy = run_async(_report(examine(api=api, token=token, nats=nats, data_dir=data_dir), output))
    raise typer.Exit(0 if healthy else 1)


async def _report(findings: AsyncIterator[Finding], output: Format) -> bool:
    """Print each finding as it comes, or all as a document; whether none is a problem."""
    found = []
    async for finding in findings:
        found.append(finding)
        if output is Format.TABLE:
            say(f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.name:<{_NAME}} {finding.text}")
            if finding.advice:
                say(f"{'':{_NAME + 10}}{finding.advice}")
    if output is not Format.TABLE:
        print_data([finding._asdict() for finding in found], output)
    healthy = all(finding.ok for finding in found)
    if output is Format.TABLE:
        say("\nEverything works." if healthy else "\nSomething does not work; mend the first problem first.")
    return healthy
