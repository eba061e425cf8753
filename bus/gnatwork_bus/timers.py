"""Timers that the server keeps: messages that it appends when they are due."""

from datetime import UTC, datetime

from gnatwork_schemas import header_names, subjects


def due_at(base: str, timer: str, at: float) -> tuple[str, dict[str, str]]:
    """Subject and headers of a timer of the run with this history base, due at `at`, Unix seconds.

    Setting a timer again replaces it; purging its subject cancels it.
    """
    due = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    headers = {
        header_names.SCHEDULE: f"@at {due}",
        header_names.SCHEDULE_TARGET: f"{base}.{subjects.timer_fired_event(timer)}",
    }
    return f"{base}.{subjects.timer_event(timer)}", headers
