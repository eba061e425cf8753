"""One `gnatwork up` per data directory."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from gnatwork_schemas.errors import GnatworkError


class AlreadyRunningError(GnatworkError):
    """A `gnatwork up` is using this data directory; stop it, or give another `--data-dir`."""


@contextlib.contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Hold the data directory; `AlreadyRunningError` with the pid of the one who does.

    The kernel drops the lock with the process, so that a killed `up` never blocks the next one.
    """
    path = data_dir / "up.lock"
    descriptor = _acquire(path)
    try:
        os.truncate(descriptor, 0)
        os.write(descriptor, b"%d\n" % os.getpid())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode().strip()
            os.close(descriptor)
            raise AlreadyRunningError(f"{path.parent}, process {holder}") from None
        # Whoever held it before may have removed the file between our opening and our locking it.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)
