"""The walls around a worker process, which it draws up itself before it reads anything of a user's.

Each is best effort: kernels and machines differ, and the others hold without it.
"""

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys

from gnatwork_blocks.javascript import seccomp

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
# The same on all architectures.
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_ASK_VERSION = 1


def harden(address_space: int, *, parent: int) -> dict[str, bool]:
    """Give up everything but memory, time and the pipes that are open; which layers are on, by name.

    Import everything before: no file can be opened after.

    Args:
        address_space: Bytes of memory that the process may map.
        parent: The process to die with.
    """
    # Leaving is the executor's business, which closes the pipe; its own signals may reach the whole group.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    layers = {"limits": _limit(address_space), "no_new_privs": False, "landlock": False, "seccomp": False}
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            # It died before it could be told.
            os._exit(1)
        # Nobody of the same user may look into it, or trace it.
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        layers["no_new_privs"] = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        layers["landlock"] = _leave_files(libc)
    # The descriptors that are open stay; Landlock took one for a moment.
    layers["limits"] = _set(resource.RLIMIT_NOFILE, 3) and layers["limits"]
    if sys.platform == "linux":
        layers["seccomp"] = seccomp.confine(libc)
    return layers


def allow_seconds(seconds: float) -> None:
    """Let the kernel kill this process when it computes for about so long from now: the executor may be stopped."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 2
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _limit(address_space: int) -> bool:
    limits = {
        resource.RLIMIT_AS: address_space,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        # Does not bind root; seccomp does.
        resource.RLIMIT_NPROC: 0,
    }
    # Each is set, whether the others could be or not.
    return [_set(kind, value) for kind, value in limits.items()] == [True] * len(limits)


def _set(kind: int, value: int) -> bool:
    try:
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        return False
    return True


def _leave_files(libc: ctypes.CDLL) -> bool:
    """Landlock: name all rights that the kernel knows, and grant none."""
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_ASK_VERSION)
    if version < 1:
        return False
    files = (1 << 13) - 1
    for since, right in ((2, 1 << 13), (3, 1 << 14), (5, 1 << 15)):
        files |= right if version >= since else 0
    # TCP from the fourth version on; abstract sockets and signals of others from the sixth on.
    rules = struct.pack("<QQQ", files, 0b11, 0b11)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return False
    try:
        return bool(libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)
