"""The verb `run.logs`."""

from gnatwork_manager.logs.lines import LogQuery, log_page
from gnatwork_manager.verb_request import Answer, VerbRequest, Verbs


async def _run_logs(request: VerbRequest) -> Answer:
    run_id, query = request.text("run_id"), request.query(LogQuery, "run_id")
    await request.services.reader.start(request.namespace, run_id)
    return await log_page(request.services.streams.logs, run_id, query)


VERBS: Verbs = {"run.logs": _run_logs}
