"""The main program of a process that interprets Python: makes one call after the other until its pipe is closed.

Monty runs calls in a process of its own, which is started from here and lives behind the same walls. This process in
between takes what comes from there, however much it is, so that the executor never has to.
"""

import json
import os
import sys
from typing import Any

from pydantic_monty import Monty

from gnatwork_blocks.calls.limits import LONGEST_TIMEOUT
from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.frames import receive, send
from gnatwork_blocks.javascript.hardening import harden
from gnatwork_blocks.javascript.system_calls import COMPUTING, READING, STARTING
from gnatwork_blocks.python.calling import PythonCall
from gnatwork_blocks.python.slices import PythonSlice

#: Seconds beyond its time after which an interpreter is killed.
_GRACE = 0.3
#: What starting the interpreter's program reads beside the program itself.
_READABLE = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
#: What is run once before the walls are up: what is imported late is imported now.
_WARM: dict[str, Any] = {"source": "def main(input):\n    return input", "entry": "main", "http": False, "memory": 16}


def main(parent: int) -> None:
    """Serve the process `parent` over standard input and output."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    binary = os.environ["MONTY_BIN"]
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 2)
    os.close(nothing)

    def exchange(data: bytes) -> Any:
        send(answers, data)
        told, _ = receive(requests), receive(requests)
        if told is None:
            # The executor is gone, or wants to hear no more.
            os._exit(0)
        return json.loads(told)

    # The first interpreter is asked for before the walls are up, and started behind them.
    _warm(binary)
    layers = harden(
        limits.ADDRESS_SPACE,
        parent=parent,
        readable=(binary, os.devnull, *_READABLE),
        descriptors=64,
        calls={**COMPUTING, **READING, **STARTING},
    )
    with Monty(
        min_processes=1, max_processes=1, request_timeout=LONGEST_TIMEOUT + 1, feed_duration_limit_grace=_GRACE
    ) as pool:
        PythonCall(_WARM, 5.0, exchange).answer(pool, b"null")
        send(answers, json.dumps({"layers": layers}).encode())
        while True:
            request, values = receive(requests), receive(requests)
            if request is None or values is None:
                return
            asked = json.loads(request)
            if "program" in asked:
                send(answers, PythonSlice(asked, values).answer(pool))
            else:
                send(answers, PythonCall(asked["call"], asked["timeout"], exchange).answer(pool, values))


def _warm(binary: str) -> None:
    with Monty(binary_path=binary, min_processes=1, max_processes=1) as pool:
        PythonCall(_WARM, 5.0, lambda _: []).answer(pool, b"null")
