"""Subjects of archived histories, payloads and dead letters."""

from gnatwork_schemas.subjects.work import WorkSubject

#: All archived histories.
ARCHIVE_SUBJECTS = "archive.>"


def archive_chunk(namespace: str, workflow: str, run_id: str, chunk: int | str) -> str:
    """One chunk of the archived history of a run; `*` for all, also for a workflow that is not known."""
    return f"archive.{namespace}.{workflow}.{run_id}.{chunk}"


#: All payload chunks.
PAYLOAD_SUBJECTS = "payload.>"
#: All dead letters.
DEAD_SUBJECTS = "dead.>"


def payload_chunk(namespace: str, run_id: str, payload: str, chunk: int | str) -> str:
    """One chunk of a payload; `*` for all of them."""
    return f"payload.{namespace}.{run_id}.{payload}.{chunk}"


def handed_back(item: WorkSubject, delivery: int | str) -> str:
    """A note that an executor handed a work item back: this delivery, by its number, did no harm; `*` for all.

    It lies among the payloads, whose ids have no colon, to be purged with the run.
    """
    return f"payload.{item.namespace}.{item.run_id}.handed-back:{item.task}:{item.attempt}.{delivery}"


def payloads_of_run(namespace: str, run_id: str) -> str:
    """All payloads of a run."""
    return f"payload.{namespace}.{run_id}.>"


def dead_letter(stream: str, sequence: int, reason: str) -> str:
    """Where a message of `stream` that could not be read is kept; `reason` is an error code."""
    return f"dead.{stream}.{sequence}.{reason}"


def dead_letters_of(reason: str) -> str:
    """All dead letters with a reason."""
    return f"dead.*.*.{reason}"
