"""`gnatwork up`: everything on one machine."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from gnatwork_cli.connection_file import Addresses
from gnatwork_cli.loop import clear_errors, run_async
from gnatwork_cli.messages import activation, fail, say
from gnatwork_cli.options import DEFAULT_DATA_DIR, DataDirOption, EgressOption, LimitsOption, SqliteOption
from gnatwork_cli.secret_keys import UpSecretKeysOption, read_secret_keys
from gnatwork_cli.signals import until_stopped
from gnatwork_cli.stack import Stack
from gnatwork_cli.stack_plan import (
    DEFAULT_BLOCKS,
    StackSettings,
    parse_blocks,
    parse_limits,
    parse_scale,
    parse_sync,
    parse_token,
)
from gnatwork_executor.limits import check_limits

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def up(
    *,
    host: Annotated[str, typer.Option(envvar="GNATWORK_HOST", help="Where the API listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="GNATWORK_PORT", min=0, max=65535, help="0 picks a free one.")] = 7400,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    nats: Annotated[
        str | None,
        typer.Option(envvar="GNATWORK_NATS", help="Use this NATS server; default: one of its own."),
    ] = None,
    blocks: Annotated[
        str,
        typer.Option(envvar="GNATWORK_BLOCKS", help="Block types, or groups of them; each gets a process of its own."),
    ] = ",".join(DEFAULT_BLOCKS),
    scale: Annotated[
        list[str] | None,
        typer.Option(envvar="GNATWORK_SCALE", metavar="TYPE=N", help="Processes for one of the blocks; repeatable."),
    ] = None,
    sync: Annotated[
        str,
        typer.Option(
            envvar="GNATWORK_SYNC",
            help="How long a stored message may wait for the disk, e.g. 100ms, or `always` for not at all.",
        ),
    ] = "100ms",
    egress_allow: EgressOption = "",
    sqlite_dir: SqliteOption = None,
    limits: LimitsOption = "",
    token: Annotated[
        str | None,
        typer.Option(envvar="GNATWORK_TOKEN", help="What callers of the API send; default: made once and kept."),
    ] = None,
    secret_keys: UpSecretKeysOption = None,
) -> None:
    """Start everything on this machine: NATS, manager, scheduler and a process per block type. Ctrl-C stops it all."""
    with clear_errors():
        names = parse_blocks(blocks)
        check_limits(parse_limits(limits))
        read_secret_keys(secret_keys)
        settings = StackSettings(
            data_dir=data_dir,
            host=host,
            port=port,
            nats=nats,
            blocks=names,
            scale=parse_scale(scale or (), names),
            sync=parse_sync(sync),
            egress_allow=egress_allow,
            sqlite_dir=sqlite_dir,
            limits=limits,
            token=parse_token(token) if token else None,
            secret_keys=secret_keys,
        )
    run_async(_up(settings))


async def _up(settings: StackSettings) -> None:
    stack = Stack(settings, say)
    say(f"Starting in {stack.data_dir} …")
    stopped = await until_stopped(
        _serve(stack), on_first=lambda: say("Stopping; once more to stop at once …"), on_next=stack.kill
    )
    if not stopped:
        fail(f"supervisor has ended; see the logs in {stack.logs}")
    say("Stopped.")


async def _serve(stack: Stack) -> None:
    async with stack.running() as addresses:
        say(_welcome(addresses, stack))
        await stack.ended()


def _welcome(addresses: Addresses, stack: Stack) -> str:
    elsewhere = (
        "" if stack.data_dir == Path(DEFAULT_DATA_DIR).resolve() else f" --data-dir {shlex.quote(str(stack.data_dir))}"
    )
    return (
        f"Gnatwork is up at {addresses.api}\n"
        f"  logs    {stack.logs}\n"
        f"  next    {activation('          ')}gnatwork doctor{elsewhere}\n"
        f"          gnatwork blocks list{elsewhere}\n"
        f"          gnatwork run start FILE --wait{elsewhere}\n"
        f"Ctrl-C stops everything."
    )
