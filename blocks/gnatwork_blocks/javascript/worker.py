"""The main program of a worker process: answers one request after the other until its pipe is closed."""

import json
import os
import sys

from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.calling import CallContext, JavaScriptCall
from gnatwork_blocks.javascript.evaluation import Evaluation
from gnatwork_blocks.javascript.frames import receive, send
from gnatwork_blocks.javascript.hardening import allow_seconds, harden
from gnatwork_blocks.javascript.shared_context import SharedContext
from gnatwork_blocks.javascript.slices import Slices


def main(parent: int) -> None:
    """Serve the process `parent` over standard input and output."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    # What fails before is read in the executor's log; what a script makes the engine print is not.
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)

    def exchange(data: bytes) -> bytes:
        send(answers, data)
        told, _ = receive(requests), receive(requests)
        if told is None:
            # The executor is gone, or wants to hear no more.
            os._exit(0)
        return told

    # Once before the walls are up: what is imported late is imported now.
    Evaluation().answer(b'{"sources": ["null.x"], "choose": false}', b"{}", 1.0)
    SharedContext().answer({"sources": ["1"], "choose": True}, b"{}", 1.0)
    layers = harden(limits.ADDRESS_SPACE, parent=parent)
    send(answers, json.dumps({"layers": layers}).encode())
    shared, slices, evaluation = SharedContext(), Slices(), Evaluation()
    made: CallContext | None = None
    while True:
        request, values = receive(requests), receive(requests)
        if request is None or values is None:
            return
        asked = json.loads(request)
        timeout = asked["timeout"]
        allow_seconds(timeout)
        if "program" in asked:
            send(answers, slices.answer(asked, values))
        elif "call" in asked:
            made = made or CallContext()
            send(answers, JavaScriptCall(made, asked["call"], timeout, exchange).answer(request, values))
            # Where there was one, there will be more.
            made = CallContext()
        elif (answer := shared.answer(asked, values, timeout)) is not None:
            send(answers, answer)
        else:
            send(answers, evaluation.answer(request, values, timeout))
            # The next one is made while nobody waits for it.
            evaluation = Evaluation()
