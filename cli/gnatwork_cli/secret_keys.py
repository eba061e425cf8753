"""The keys that seal connections: where they come from, and the file in which `gnatwork up` keeps its own."""

import os
from pathlib import Path
from typing import Annotated

import typer

from gnatwork_cli.stack_plan import SettingsError
from gnatwork_manager.connections.sealing import SecretKeys, generate_key

_VARIABLE = "GNATWORK_SECRET_KEYS"
_FLAG = "--secret-keys"
_FILE = "secret_keys"


def _refuse_open_keys(context: typer.Context, parameter: typer.CallbackParam, value: str | None) -> str | None:
    """A key on the command line shows in the list of processes."""
    source = context.get_parameter_source(parameter.name or "")
    if value and not value.startswith("@") and source is not None and source.name == "COMMANDLINE":
        raise typer.BadParameter(
            f"keys on the command line show in the list of processes; set {_VARIABLE}, or name a file: {_FLAG} @FILE"
        )
    return value or None


def secret_keys_option(default: str) -> typer.models.OptionInfo:
    """The option of commands that need them; `default` says what is done without."""
    option: typer.models.OptionInfo = typer.Option(
        _FLAG,
        envvar=_VARIABLE,
        callback=_refuse_open_keys,
        metavar="@FILE",
        help="What seals connections: `id:base64` of 32 bytes, comma-separated, the first one seals; in the variable,"
        f" or `@` and a file with it. {default}",
    )
    return option


SecretKeysOption = Annotated[str | None, secret_keys_option("Default: none, and so no connections.")]
UpSecretKeysOption = Annotated[str | None, secret_keys_option("Default: made once and kept.")]


def read_secret_keys(text: str | None) -> SecretKeys | None:
    """The keys of a setting; SecretKeysError, SettingsError."""
    if text is None:
        return None
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text().strip()
        except OSError as error:
            raise SettingsError(f"{_FLAG} {text}: the file can't be read ({error.strerror})") from error
    return SecretKeys.parse(text)


def kept_secret_keys(data_dir: Path) -> str:
    """The setting that names the keys of a data directory, which are made where there are none."""
    path = data_dir / _FILE
    if not path.exists():
        made = path.with_suffix(".new")
        made.unlink(missing_ok=True)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{generate_key()}\n")
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    return f"@{path}"
