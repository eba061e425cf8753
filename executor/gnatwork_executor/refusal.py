"""What becomes of an item that no one can read: a dead letter, and an error for the task that waits for it."""

import logging
import re
import time

from gnatwork_bus.dead_letters import bury
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.patience import until_available
from gnatwork_executor.outcome import encode_error
from gnatwork_executor.ports import Ports
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import MessageError
from gnatwork_schemas.messages import Error
from gnatwork_schemas.names import NAME_PATTERN, RUN_ID_PATTERN
from gnatwork_schemas.subjects import START, WORK, WorkSubject, error_event, parse_work

log = logging.getLogger(__name__)

#: A task path; what else a publisher put into the subject must not get into ours.
_TASK = re.compile(r"[A-Za-z0-9_:/-]{1,512}")


async def refuse(delivery: Delivery, error: MessageError, ports: Ports) -> None:
    """End the attempt that the subject names, keep the item for people, and take it off the queue."""
    info = ErrorInfo(code=error.code, message=str(error))
    log.error("a work item is refused: %s", error)
    if told := _attempt_of(delivery.subject):
        await _fail(told, info, ports)
    await until_available(
        lambda: bury(ports.connection, WORK, delivery.subject, delivery.sequence, info, delivery.data, delivery.at)
    )
    delivery.term(info.code)


def _attempt_of(subject: str) -> WorkSubject | None:
    """The attempt that a subject names, if it names one."""
    try:
        told = parse_work(subject)
    except ValueError:
        return None
    plain = re.fullmatch(NAME_PATTERN, told.namespace) and re.fullmatch(RUN_ID_PATTERN, told.run_id)
    return told if plain and _TASK.fullmatch(told.task) and told.attempt > 0 else None


async def _fail(told: WorkSubject, info: ErrorInfo, ports: Ports) -> None:
    """Tell the run, if there is one, so that it does not wait for ever."""
    start = await until_available(lambda: ports.history.find_live_start(told.namespace, told.run_id))
    if start is None:
        return
    now = time.time()
    error = Error(
        task=told.task, attempt=told.attempt, error=info, started_at=now, ended_at=now, executor=ports.executor
    )
    base = start.subject.removesuffix(f".{START}")
    await until_available(lambda: ports.history.append(base, error_event(told.task), encode_error(error)))
