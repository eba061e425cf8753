"""What happens inside a worker process when its block was given secrets: they are kept out of what it logs."""

from collections.abc import Callable
from typing import Any

from gnatwork_engine.redaction import Redactor
from gnatwork_executor.secrets import guard_logs, redactor
from gnatwork_executor.worker_process import call


def call_guarded(compute: Callable[[Any], Any], config: Any, found: Redactor) -> Any:
    """As `call`; what comes back is for the executor to go through."""
    guard_logs()
    token = redactor.set(found)
    try:
        return call(compute, config)
    finally:
        redactor.reset(token)
