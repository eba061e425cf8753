"""Reading a work item: its body, and whether its subject says the same."""

from collections.abc import Mapping

import orjson
from pydantic import ValidationError

from gnatwork_schemas.errors import MessageError, UnknownVersionError
from gnatwork_schemas.messages import Work
from gnatwork_schemas.model import VERSION
from gnatwork_schemas.problem import plain
from gnatwork_schemas.subjects import error_event, output_event, parse_work

#: The most mistakes that a message lists.
_SHOWN = 5


def read_work(subject: str, data: bytes) -> Work:
    """The work item in `data`, which came on `subject`; `MessageError` or `UnknownVersionError` when it is none."""
    try:
        work = Work.model_validate_json(data)
    except ValidationError as error:
        if (version := _version(data)) not in {None, VERSION}:
            raise UnknownVersionError(f"version {version}") from error
        raise MessageError(f"work item on {subject}: {mistakes(error)}") from error
    _check_agreement(subject, work)
    return work


def history_base_of(work: Work) -> str:
    """The history of the item's run: what its outcome's subject begins with."""
    return work.output_subject[: -len(output_event(work.task)) - 1]


def mistakes(error: ValidationError) -> str:
    """What is wrong where, without the values: those may be secret."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    places = [".".join(map(str, fault["loc"])) for fault in found]
    texts = [
        f"{place}: {plain(fault['msg'])}" if place else plain(fault["msg"])
        for place, fault in zip(places, found, strict=True)
    ]
    more = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more


def _check_agreement(subject: str, work: Work) -> None:
    try:
        told = parse_work(subject)
    except ValueError as error:
        raise MessageError(str(error)) from error
    if (told.type, told.namespace, told.run_id, told.task, told.attempt) != (
        work.type,
        work.namespace,
        work.run_id,
        work.task,
        work.attempt,
    ):
        raise MessageError(f"the body of {subject} is for another attempt")
    run = f".{work.namespace}.{work.workflow}.{work.run_id}."
    for outcome, event in ((work.output_subject, output_event), (work.error_subject, error_event)):
        if not outcome.startswith("history.") or not outcome.endswith(run + event(work.task)):
            raise MessageError(f"the work item on {subject} would publish its outcome to {outcome}")


def _version(data: bytes) -> object:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return body.get("v") if isinstance(body, Mapping) else None
