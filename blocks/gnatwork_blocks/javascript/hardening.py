"""The walls around a worker process, which it draws up itself before it reads anything of a user's.

Each is best effort: kernels and machines differ, and the others hold without it.
"""

import contextlib
import ctypes
import os
import resource
import signal
import stat
import struct
import sys
from collections.abc import Mapping, Sequence

from gnatwork_blocks.javascript import seccomp
from gnatwork_blocks.javascript.system_calls import COMPUTING, Numbers

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
# The same on all architectures.
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_ASK_VERSION = 1
_LANDLOCK_PATH_BENEATH = 1
# Rights: to run a file, to read one, to list a folder.
_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3


def harden(
    address_space: int,
    *,
    parent: int,
    readable: Sequence[str] = (),
    descriptors: int = 3,
    calls: Mapping[str, Numbers] = COMPUTING,
) -> dict[str, bool]:
    """Give up everything but memory, time and the pipes that are open; which layers are on, by name.

    Import everything before: no file can be opened after.

    Args:
        address_space: Bytes of memory that the process may map.
        parent: The process to die with.
        readable: Files and folders that can still be read, and run where `calls` allow it.
        descriptors: Numbers that open files may have; those that are open stay.
        calls: The system calls that are left.
    """
    # Leaving is the executor's business, which closes the pipe; its own signals may reach the whole group.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    layers = {
        "limits": _limit(address_space, alone="execve" not in calls),
        "no_new_privs": False,
        "landlock": False,
        "seccomp": False,
    }
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            # It died before it could be told.
            os._exit(1)
        # Nobody of the same user may look into it, or trace it.
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        layers["no_new_privs"] = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        layers["landlock"] = _leave_files(libc, readable)
    # Landlock took one for a moment.
    layers["limits"] = _set(resource.RLIMIT_NOFILE, descriptors) and layers["limits"]
    if sys.platform == "linux":
        layers["seccomp"] = seccomp.confine(libc, calls)
    return layers


def allow_seconds(seconds: float) -> None:
    """Let the kernel kill this process when it computes for about so long from now: the executor may be stopped."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 2
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _limit(address_space: int, *, alone: bool) -> bool:
    limits = {resource.RLIMIT_AS: address_space, resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0}
    if alone:
        # Does not bind root; seccomp does.
        limits[resource.RLIMIT_NPROC] = 0
    # Each is set, whether the others could be or not.
    return [_set(kind, value) for kind, value in limits.items()] == [True] * len(limits)


def _set(kind: int, value: int) -> bool:
    try:
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        return False
    return True


def _leave_files(libc: ctypes.CDLL, readable: Sequence[str]) -> bool:
    """Landlock: name all rights that the kernel knows, and grant none but to read these."""
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
        for path in readable:
            _let_read(libc, ruleset, path)
        return bool(libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _let_read(libc: ctypes.CDLL, ruleset: int, path: str) -> None:
    """Grant what is read of a path; what is not there can't be read anyway."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = _EXECUTE | _READ_FILE | (_READ_FOLDER if stat.S_ISDIR(os.fstat(place).st_mode) else 0)
        rule = struct.pack("<Qi", rights, place)
        libc.syscall(_LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_PATH_BENEATH, rule, 0)
    finally:
        os.close(place)
