"""Timers that the server keeps: messages that it appends when they are due."""

from datetime import UTC, datetime

from gnatwork_schemas import header_names, subjects


def due_at(base: str, timer: str, at: float) -> tuple[str, dict[str, str]]:
    """Subject and headers of a timer of the run with this history base, due at `at`, Unix seconds.

    Setting a timer again replaces it; purging its subject cancels it.
    """
    return f"{base}.{subjects.timer_event(timer)}", scheduled(at, f"{base}.{subjects.timer_fired_event(timer)}")


def scheduled(at: float, target: str) -> dict[str, str]:
    """The headers of a message that the server is to move to the subject `target` at a time, Unix seconds."""
    due = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {header_names.SCHEDULE: f"@at {due}", header_names.SCHEDULE_TARGET: target}
