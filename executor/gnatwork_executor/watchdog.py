"""Watches a process from a thread: finds the block that keeps the event loop from turning, and memory that only grows.

A block that does not give the loop back holds up all others of its process, and the renewal of their items with them.
It is named in the log, with what it does, and its attempt fails. Where it does not let go, the process ends, and who
started it starts another. The thread sleeps while no attempt is under way.
"""

import asyncio
import inspect
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from gnatwork_executor.attempt import Attempt
from gnatwork_executor.last_words import tell
from gnatwork_executor.worker import Worker

log = logging.getLogger(__name__)

#: Seconds between two looks.
STEP = 0.5
#: Seconds without a turn of the loop after which a block is held to block it.
FOUND_AFTER = 5.0
#: And those after which the process ends.
END_AFTER = 20.0

_MEGABYTE = 1024 * 1024


class Watchdog:
    """Watches one process, from `start` to `stop`."""

    def __init__(self, worker: Worker, nats_url: str, *, max_memory: int, too_large: Callable[[], None]) -> None:
        """Describe it.

        Args:
            worker: what runs here.
            nats_url: where the outcome goes of an attempt because of which the process ends.
            max_memory: resident megabytes from which on the process is too large; 0 for any number.
            too_large: called once, on the event loop, when it is.
        """
        self._worker = worker
        self._nats_url = nats_url
        self._max_memory = max_memory
        self._too_large = too_large
        self._loop = asyncio.get_running_loop()
        self._watched = threading.get_ident()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Be done; it does not wait for the thread."""
        self._closed.set()
        self._worker.at_work.set()

    def _watch(self) -> None:
        while not self._closed.is_set():
            self._worker.at_work.wait()
            self._look()
            self._closed.wait(STEP)

    def _look(self) -> None:
        turned = threading.Event()
        self._tell(turned.set)
        # Looks are counted, not seconds: of a process that was frozen, the loop is no later than this thread.
        looks, found = 0, False
        attempt: Attempt | None = None
        while not turned.wait(STEP) and not self._closed.is_set():
            looks += 1
            if looks * STEP >= END_AFTER:
                self._end(attempt)
            if looks * STEP >= FOUND_AFTER and not found:
                found, attempt = True, self._find()
        if attempt is not None:
            self._tell(attempt.halt_blocking)
        self._check_memory()

    def _find(self) -> Attempt | None:
        """Who blocks the loop; its attempt has failed from here on."""
        # Asked at once: while the stack is written down, the loop may turn to another task.
        task = asyncio.current_task(self._loop)
        frame = sys._current_frames().get(self._watched)
        stack = traceback.extract_stack(frame)
        files = {line.filename for line in stack}
        running = self._worker.running()
        # What a block has started beside itself is known by its file, as long as there is one attempt of it.
        named = [attempt for attempt in running if attempt.task is task] or [
            attempt for attempt in running if _file_of(attempt) in files
        ]
        attempt = named[0] if len(named) == 1 else None
        if attempt is not None:
            attempt.note_blocking()
        log.error(
            "%s has kept the event loop from turning for %.0f s; it is at\n%s",
            _name(attempt),
            FOUND_AFTER,
            "".join(traceback.format_list(stack)),
        )
        return attempt

    def _end(self, attempt: Attempt | None) -> None:
        # Not through logging: who holds its locks may be who blocks.
        text = f"CRITICAL {_name(attempt)} does not give the event loop back for {END_AFTER:.0f} s; this process ends\n"
        os.write(2, text.encode())
        if attempt is not None:
            # Else it would end the next process, and that the one after it.
            tell(self._nats_url, *attempt.last_words())
        os._exit(1)

    def _check_memory(self) -> None:
        if not self._max_memory or (size := resident_megabytes()) < self._max_memory:
            return
        log.warning(
            "this process has grown to %d MB, more than the %d MB of --max-memory; it drains, leaves, and another one "
            "takes its place",
            size,
            self._max_memory,
        )
        self._max_memory = 0
        self._tell(self._too_large)

    def _tell(self, call: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            self._closed.set()  # the loop is closed


def resident_megabytes() -> int:
    """What this process holds in memory; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // _MEGABYTE


def _file_of(attempt: Attempt) -> str | None:
    code = getattr(inspect.unwrap(attempt.block.run), "__code__", None)
    return None if code is None else str(code.co_filename)


def _name(attempt: Attempt | None) -> str:
    if attempt is None:
        return "something that is no block's own task"
    work = attempt.work
    return f"the block type {work.type}, with the task {work.task} of run {work.run_id},"
