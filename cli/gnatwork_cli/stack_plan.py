"""What `gnatwork up` runs: pure, from its settings to the programs and their environment."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gnatwork_cli.supervisor_config import Program
from gnatwork_schemas.duration import parse_duration
from gnatwork_schemas.errors import GnatworkError

#: One executor process for each of these.
DEFAULT_BLOCKS = ("fetch", "html-scraper", "hook", "logic", "data", "code", "plugins")

#: What the manager alone is to see.
SECRET_KEYS = "GNATWORK_SECRET_KEYS"  # noqa: S105 - a variable
#: The program of the embedded server.
NATS = "nats"

#: What starts first stops last.
_NATS_STAGE, _MANAGER_STAGE, _SCHEDULER_STAGE, _EXECUTOR_STAGE = 10, 20, 30, 40
#: The most processes of one kind.
_MAX_SCALE = 64


class SettingsError(GnatworkError):
    """A setting can't be used."""


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """The settings of `gnatwork up`."""

    data_dir: Path
    host: str = "127.0.0.1"
    #: 0 picks a free one.
    port: int = 7400
    #: A NATS server that is already there; None starts one.
    nats: str | None = None
    #: Block types or groups of them, each hosted by a process of its own.
    blocks: tuple[str, ...] = DEFAULT_BLOCKS
    #: Processes per entry of `blocks`, where it is not one.
    scale: Mapping[str, int] = field(default_factory=dict)
    #: How long the embedded server may keep a stored message off the disk, or `always`.
    sync: str = "100ms"
    #: Private addresses that blocks may reach.
    egress_allow: str = ""
    #: Folder of the SQLite files that blocks may open; None is nowhere.
    sqlite_dir: Path | None = None
    #: Attempts of block types at once, as `--limits` takes it.
    limits: str = ""
    #: What callers of the API send; None makes one and keeps it in the data directory.
    token: str | None = None
    #: What seals connections, or `@` and a file with it; None makes a key and keeps it in the data directory.
    secret_keys: str | None = None


def parse_scale(entries: Sequence[str], blocks: Sequence[str]) -> dict[str, int]:
    """`["fetch=3"]` as a mapping; SettingsError for anything else."""
    scale = {}
    for entry in entries:
        name, _, number = entry.partition("=")
        if not number.isdecimal() or not 1 <= int(number) <= _MAX_SCALE:
            raise SettingsError(f"--scale {entry}: write TYPE=N, with N from 1 to {_MAX_SCALE}")
        if name not in blocks:
            raise SettingsError(f"--scale {entry}: {name!r} is none of --blocks ({', '.join(blocks)})")
        scale[name] = int(number)
    return scale


def parse_blocks(text: str) -> tuple[str, ...]:
    """`"fetch,hook"` as a tuple; SettingsError when an entry is empty or comes twice."""
    blocks = tuple(part.strip() for part in text.split(","))
    if not all(blocks) or len(set(blocks)) != len(blocks):
        raise SettingsError(f"--blocks {text}: write block types separated by commas, each once")
    return blocks


def parse_limits(text: str) -> dict[str, int]:
    """`"fetch=20,hook=5"` as a mapping; SettingsError for anything else."""
    limits: dict[str, int] = {}
    for entry in filter(None, text.split(",")):
        name, _, number = (part.strip() for part in entry.partition("="))
        if not name or name in limits or not number.isdecimal() or int(number) < 1:
            raise SettingsError(f"--limits {text}: write TYPE=N, separated by commas, each type once and N from 1")
        limits[name] = int(number)
    return limits


def parse_token(text: str) -> str:
    """What callers send in a header; SettingsError for what a header can't carry."""
    if not re.fullmatch(r"[!-~]+", text):
        raise SettingsError("--token: it travels in a header, so write visible ASCII characters without blanks")
    return text


def parse_sync(text: str) -> str:
    """How long a message may wait for the disk, as nats-server reads it; SettingsError for anything else."""
    if text == "always":
        return text
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise SettingsError(f"--sync {text}: `always`, or {error}") from None
    if seconds <= 0:
        raise SettingsError(f"--sync {text}: write `always` to wait for the disk each time")
    return f"{round(seconds * 1000)}ms"


def parse_seconds(flag: str, text: str) -> float:
    """Seconds of a duration as people write it; SettingsError for anything else."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise SettingsError(f"{flag} {text}: {error}") from None


def programs(settings: StackSettings, *, nats_command: Sequence[str] | None) -> tuple[Program, ...]:
    """Everything that supervisor is to run; `nats_command` is None when the server is not ours."""
    services = (
        Program(
            name="manager",
            command=_gnatwork(
                "manager", "--host", settings.host, "--port", str(settings.port), "--data-dir", str(settings.data_dir)
            ),
            priority=_MANAGER_STAGE,
        ),
        Program(name="scheduler", command=_gnatwork("scheduler"), priority=_SCHEDULER_STAGE, hidden=(SECRET_KEYS,)),
        *(
            Program(
                name=f"executor-{block}",
                command=_gnatwork("executor", "--blocks", block),
                priority=_EXECUTOR_STAGE,
                processes=settings.scale.get(block, 1),
                # An executor lets running blocks finish for 25 s before it hands them back.
                stop_seconds=30,
                hidden=(SECRET_KEYS,),
            )
            for block in settings.blocks
        ),
    )
    if nats_command is None:
        return services
    nats = Program(name=NATS, command=tuple(nats_command), priority=_NATS_STAGE, hidden=(SECRET_KEYS,))
    return (nats, *services)


def environment(settings: StackSettings, *, nats_url: str, token: str, secret_keys: str) -> dict[str, str]:
    """What the services find in their environment: what must not show in a list of processes, and what all share."""
    return {
        SECRET_KEYS: secret_keys,
        "GNATWORK_NATS": nats_url,
        "GNATWORK_TOKEN": token,
        "GNATWORK_EGRESS_ALLOW": settings.egress_allow,
        "GNATWORK_SQLITE_DIR": str(settings.sqlite_dir.absolute()) if settings.sqlite_dir else "",
        "GNATWORK_LIMITS": settings.limits,
        # Whatever lies in the directory where it was started is not ours to import.
        "PYTHONSAFEPATH": "1",
        # Lines of a log are written as they happen, and of few threads none needs an arena of its own.
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def _gnatwork(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "gnatwork_cli", *arguments)
