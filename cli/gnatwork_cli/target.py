"""Commands that talk to a running Gnatwork: the options to find it, and a client of it."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import typer

from gnatwork import Client, find_address
from gnatwork_cli.loop import run_async
from gnatwork_cli.options import (
    DEFAULT_DATA_DIR,
    ApiOption,
    DataDirOption,
    NamespaceOption,
    NatsOption,
    TokenOption,
)
from gnatwork_schemas.names import DEFAULT_NAMESPACE

P = ParamSpec("P")

_Command = Callable[Concatenate[Client, P], Awaitable[None]]


def client_command(app: typer.Typer, name: str | None = None) -> Callable[[_Command[P]], _Command[P]]:
    """Make a coroutine function a command of `app`.

    The function gets a connected client as its first argument; the command gets the options that say where to
    connect, behind the function's own.
    """

    def register(function: _Command[P]) -> _Command[P]:
        @functools.wraps(function)
        def command(**values: Any) -> None:
            target = {key: values.pop(key) for key in _TARGET}
            run_async(_call(function, target, values))

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
        command.__signature__ = inspect.Signature([*parameters, *_TARGET.values()])  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in (*parameters, *_TARGET.values())}
        app.command(name)(command)
        return function

    return register


def _option(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


#: The options of every such command.
_TARGET = {
    one.name: one
    for one in (
        _option("api", ApiOption, None),
        _option("token", TokenOption, None),
        _option("nats", NatsOption, None),
        _option("data_dir", DataDirOption, DEFAULT_DATA_DIR),
        _option("namespace", NamespaceOption, DEFAULT_NAMESPACE),
    )
}


async def _call(function: Callable[..., Awaitable[None]], target: dict[str, Any], values: dict[str, Any]) -> None:
    namespace: str = target.pop("namespace")
    data_dir: Path = target.pop("data_dir")
    async with Client.at(find_address(data_dir=data_dir, **target), namespace=namespace) as client:
        await function(client, **values)
