"""The configuration of supervisord: pure text, from a description of the processes."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: Bytes after which a log file is put aside, and how many of those are kept.
_LOG_BYTES = "10MB"
_LOG_BACKUPS = 3


@dataclass(frozen=True, kw_only=True)
class Program:
    """One service: what to run, how often, and when in the order of things."""

    #: Names the processes, their log and their pid file.
    name: str
    command: tuple[str, ...]
    #: Programs of a lower number start before and stop after those of a higher one; the same number stops together.
    priority: int
    processes: int = 1
    #: Seconds that it may take to finish its work once asked to stop.
    stop_seconds: int = 15
    #: Variables of the environment that are empty for it.
    hidden: tuple[str, ...] = ()


def render(programs: Sequence[Program], *, guard: Sequence[str], data_dir: Path, user: str | None) -> str:
    """The text of the configuration file.

    `guard` is the command that each program's own is put behind; `user` is named only to say that root is meant.
    """
    parts = [_supervisord(data_dir, user)]
    parts += [_program(program, guard, data_dir) for program in programs]
    parts += [_group(priority, programs) for priority in sorted({program.priority for program in programs})]
    return "\n".join(parts)


def _supervisord(data_dir: Path, user: str | None) -> str:
    lines = [
        "[supervisord]",
        "nodaemon=true",
        f"logfile={_plain(data_dir / 'logs' / 'supervisord.log')}",
        f"logfile_maxbytes={_LOG_BYTES}",
        f"logfile_backups={_LOG_BACKUPS}",
        f"pidfile={_plain(data_dir / 'run' / 'supervisord.txt')}",
        f"childlogdir={_plain(data_dir / 'logs')}",
    ]
    return "\n".join([*lines, *([f"user={user}"] if user else []), ""])


def _program(program: Program, guard: Sequence[str], data_dir: Path) -> str:
    name = "%(program_name)s" if program.processes == 1 else "%(program_name)s-%(process_num)d"
    # Names hold no character that the shell or supervisor could take amiss, but the braces of supervisor's own.
    pid_file = f"{_quoted(str(data_dir / 'run'))}/{name}.pid"
    command = " ".join([*map(_quoted, guard), pid_file, "--", *map(_quoted, program.command)])
    hidden = ",".join(f'{variable}=""' for variable in program.hidden)
    return "\n".join(
        [
            f"[program:{program.name}]",
            f"command={command}",
            f"process_name={name}",
            f"numprocs={program.processes}",
            "numprocs_start=1",
            f"stdout_logfile={_plain(data_dir / 'logs')}/{name}.log",
            f"stdout_logfile_maxbytes={_LOG_BYTES}",
            f"stdout_logfile_backups={_LOG_BACKUPS}",
            "redirect_stderr=true",
            "autorestart=true",
            # Never give up; the wait grows by a second each time.
            "startretries=1000000",
            f"stopwaitsecs={program.stop_seconds}",
            "killasgroup=true",
            f"environment={hidden}",
            "",
        ]
    )


def _group(priority: int, programs: Sequence[Program]) -> str:
    names = ",".join(program.name for program in programs if program.priority == priority)
    return "\n".join([f"[group:stage-{priority}]", f"programs={names}", f"priority={priority}", ""])


def _quoted(text: str) -> str:
    """A word of a command line, in the syntax of the shell; a `%` is doubled."""
    return _checked(shlex.quote(text), " ;", " #", "\n").replace("%", "%%")


def _plain(path: Path) -> str:
    """A path as the whole value of a setting. Supervisor expands some of them twice, so no `%` can be kept."""
    return _checked(str(path), " ;", " #", "\n", "%")


def _checked(text: str, *marks: str) -> str:
    if any(mark in text for mark in marks):
        raise ValueError(f"the path {text!r} can't be written in supervisor's configuration; choose another one")
    return text
