"""The main program of a process that makes one call in CPython, and is gone.

What it runs is a user's and has all of CPython at hand: the walls are what holds it, not the language. It can read the
standard library and the system's shared libraries, answer, and nothing else.
"""

import importlib.util
import json
import linecache
import os
import platform
import resource
import sys
import sysconfig
import traceback
from pathlib import Path

from gnatwork_blocks.calls.answers import error_answer, value_answer
from gnatwork_blocks.calls.console import Console
from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.frames import HEAD, frame, length
from gnatwork_blocks.javascript.hardening import allow_seconds, harden
from gnatwork_blocks.javascript.system_calls import COMPUTING, READING
from gnatwork_blocks.python.full_call import FullCall

#: Used while the user's code runs, when it is too late to read them.
_NEEDED_LATER = (linecache, traceback)
#: Files that may be open at once.
_DESCRIPTORS = 32


def main(parent: int) -> None:
    """Serve the process `parent` over standard input and output, once."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    # What is printed past `sys.stdout` is not a part of the answer.
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
    _forget_ours()
    with Path("/proc/self/statm").open(encoding="ascii") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    layers = harden(
        limits.ADDRESS_SPACE,
        parent=parent,
        readable=(*_library(), *_shared_libraries(), "/usr/share/zoneinfo"),
        descriptors=_DESCRIPTORS,
        calls={**COMPUTING, **READING},
    )
    _send(answers, json.dumps({"layers": layers}).encode())
    request, value = json.loads(_receive(requests)), _receive(requests)
    call = request["call"]
    room = used + (call["memory"] << 20)
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    allow_seconds(request["timeout"])
    console = Console()
    outcome = FullCall(call["source"], call["entry"], call["memory"], console).outcome(value)
    _send(answers, value_answer(console, outcome) if isinstance(outcome, str) else error_answer(console, outcome))
    # Whoever asked ends it: were it to leave by itself, its end could be heard of before its answer.
    _exactly(requests, 1)


def _forget_ours() -> None:
    """Leave the standard library alone to be imported, and have its folders listed while that can be done."""
    library = set(map(str, _stdlib_folders()))
    sys.path[:] = [path for path in sys.path if path in library or path.endswith((".zip", "lib-dynload"))]
    importlib.util.find_spec("gnatwork_nothing")


def _stdlib_folders() -> list[Path]:
    return [Path(path) for path in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}]


def _library() -> list[str]:
    """What the standard library consists of, without the packages that are installed beside it."""
    found = [entry for folder in _stdlib_folders() if folder.is_dir() for entry in folder.iterdir()]
    return [str(entry) for entry in found if entry.name not in {"site-packages", "dist-packages"}]


def _shared_libraries() -> list[str]:
    machine = f"{platform.machine()}-linux-gnu"
    return [f"/lib/{machine}", f"/usr/lib/{machine}", "/lib64", "/usr/lib64", "/etc/ld.so.cache"]


def _receive(pipe: int) -> bytes:
    """The next frame. Exits at the end: whoever asks is gone."""
    return _exactly(pipe, length(_exactly(pipe, HEAD)))


def _exactly(pipe: int, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = os.read(pipe, size - len(found))
        if not more:
            os._exit(0)
        found += more
    return found


def _send(pipe: int, data: bytes) -> None:
    left = memoryview(frame(data))
    while left:
        left = left[os.write(pipe, left) :]
