"""What happens inside a worker process: a block's `compute` is called, and what it raises is sent back.

Imports as little as possible: each worker process pays for it.
"""

import ctypes
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from gnatwork_blocks.errors import BlockError

_PR_SET_PDEATHSIG = 1


class ComputeError(Exception):
    """A block failed in its worker process in a way that it did not foresee."""

    def __init__(self, kind: str, trace: str) -> None:
        super().__init__(kind, trace)
        #: Name of the exception's class.
        self.kind = kind
        #: Its traceback, for the executor's log.
        self.trace = trace


def call(compute: Callable[[Any], Any], config: Any) -> Any:
    """`compute(config)`; everything it raises but a `BlockError` becomes a `ComputeError`, which can be pickled."""
    _belong_to_executor()
    try:
        return compute(config)
    except BlockError:
        raise
    except BaseException as error:  # noqa: BLE001 - the executor reports it
        raise ComputeError(type(error).__name__, traceback.format_exc()) from None


def _belong_to_executor() -> None:
    """Leave Ctrl-C to the executor, which drains, and die with it, however it dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
