"""Runs a program so that it ends with its parent, and can be found as long as it lives.

    python -I -S guard.py PID_FILE -- COMMAND [ARGUMENTS…]

A standard-library script of its own, because it starts before each service. It replaces itself by the command and
leaves behind two things that survive `exec`: the kernel's promise to send SIGTERM when the parent dies (Linux), and
a lock on the pid file. The lock, unlike the number in the file, can't belong to a stranger: it vanishes with the
process, however that ends.
"""

import ctypes
import fcntl
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask for SIGTERM when the parent dies; elsewhere than on Linux the next start stops what was left."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def claim(path: str) -> int:
    """Write this process's pid to a new file at `path`, hold its lock over `exec`, and return the descriptor."""
    fresh = f"{path}.{os.getpid()}"
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, b"%d\n" % os.getpid())
    os.rename(fresh, path)  # noqa: PTH104 - pathlib would triple the time this script takes
    os.set_inheritable(descriptor, True)
    return descriptor


def main(arguments: list[str]) -> None:
    """Take the place of the command; see the module."""
    pid_file, dashes, *command = arguments
    if dashes != "--" or not command:
        sys.exit("usage: guard.py PID_FILE -- COMMAND [ARGUMENTS…]")
    end_with_parent()
    claim(pid_file)
    os.execvp(command[0], command)  # noqa: S606 - replacing this process is its purpose


if __name__ == "__main__":
    main(sys.argv[1:])
