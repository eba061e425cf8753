"""Beginning runs, the same over HTTP and NATS, whatever they are made of."""

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from gnatwork_manager.orders import Order
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.services import Services
from gnatwork_manager.submitter import Caller, CheckedRun
from gnatwork_manager.waits import Outcome
from gnatwork_schemas.status import RunStatus


class Submitted(NamedTuple):
    """A run that has begun, and what came of it while its caller waited."""

    run_id: str
    #: As far as it is known without an outcome; `gone` for one that was begun before and is kept no more.
    status: RunStatus | Literal["gone"]
    outcome: Outcome | None = None
    #: It had begun before, by the same submission.
    repeated: bool = False


async def submit(
    services: Services,
    order: Callable[[], Awaitable[Order]],
    caller: Caller,
    wait: float | None = None,
    *,
    by: str,
    on_wait: Callable[[], None] = lambda: None,
    on_begun: Callable[[str], None] = lambda _: None,
) -> Submitted:
    """Begin a run, and wait for it up to `wait` seconds.

    Args:
        services: of this manager.
        order: checks what is to be run.
        caller: who wants it.
        wait: None returns as soon as the start is stored.
        by: `http`, `nats` or `hook`, for metrics.
        on_wait: called once nothing but waiting is left.
        on_begun: called with the run's id once the start is stored, unless it was stored before.
    """
    submitter, submissions = services.submitter, services.metrics.submissions
    try:
        submitter.check_room()
        checked = await submitter.accept(await order(), caller)
        if wait is None:
            if await submitter.begin(checked):
                on_begun(checked.run.run_id)
            outcome = None
        else:
            outcome = await _wait(services, checked, wait, on_wait, on_begun)
    except BaseException:
        submissions.labels(by, "refused").inc()
        raise
    submissions.labels(by, "repeated" if checked.repeated else "accepted").inc()
    status: RunStatus | Literal["gone"] = RunStatus.PENDING
    if checked.repeated and outcome is None:
        status = await _status(services, checked)
    return Submitted(checked.run.run_id, status, outcome, checked.repeated)


async def _wait(
    services: Services,
    checked: CheckedRun,
    wait: float,
    on_wait: Callable[[], None],
    on_begun: Callable[[str], None],
) -> Outcome | None:
    async with services.waits.listen(checked) as listening:
        if await services.submitter.begin(checked):
            on_begun(checked.run.run_id)
        on_wait()
        try:
            return await listening.within(wait) if listening else None
        except ProblemError as error:
            if checked.repeated and error.code == "run.not_found":
                # It had begun, and nothing is left of it.
                return None
            raise


async def _status(services: Services, checked: CheckedRun) -> RunStatus | Literal["gone"]:
    """Where a run stands that was begun before."""
    run, history = checked.run, services.submitter.history
    status = await services.reader.status(run.namespace, run.run_id)
    # The leader alone knows of a run that began a moment ago.
    if status is RunStatus.PENDING and await history.is_over(checked.base):
        return status if await history.find_start(run.namespace, run.run_id) else "gone"
    return status
