"""How commands print lines of logs and events: each as it comes, one to a line."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import yaml

from gnatwork import LogLine, RunEvent
from gnatwork_cli.output import Format, cell


@contextmanager
def while_read() -> Iterator[None]:
    """Print for as long as someone reads: what follows for ever is to end with its reader, without a word."""
    try:
        yield
    except BrokenPipeError:
        # What is left is written at the end of the program, and would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_line(line: LogLine, output: Format) -> None:
    """A line of a log; as JSON, one document to a line."""
    if output is not Format.TABLE:
        _print_document(line.model_dump(mode="json", exclude={"v"}), output)
        return
    where = line.task if line.attempt == 1 else f"{line.task} (attempt {line.attempt})"
    fields = "".join(f" {name}={cell(value)}" for name, value in line.fields.items())
    _write(f"{_time(line.at)}  {line.level.value:<7}  {where}  {cell(line.message)}{fields}")


def print_event(event: RunEvent, output: Format) -> None:
    """An event of a run; as JSON, one document to a line."""
    if output is not Format.TABLE:
        _print_document(event.model_dump(mode="json"), output)
        return
    time = _time(event.at) if event.at is not None else " " * 12
    _write("  ".join(part for part in (time, event.run_id, event.workflow, event.event, _said(event.body)) if part))


def _said(body: Any) -> str:
    """What matters of the body of an event in a line."""
    if not isinstance(body, dict):
        return ""
    if isinstance(error := body.get("error"), dict):
        return cell(f"{error.get('code')}: {error.get('message')}")
    if "fraction" in body:
        return cell(f"{body['fraction']:.0%} {body.get('message', '')}".rstrip())
    return cell(body.get("message") or body.get("reason") or "")


def _print_document(document: Any, output: Format) -> None:
    if output is Format.JSON:
        _write(json.dumps(document, ensure_ascii=False))
    else:
        _write(yaml.safe_dump([document], sort_keys=False, allow_unicode=True).rstrip("\n"))


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _time(seconds: float) -> str:
    """Unix seconds as a local time of day."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]
