"""The system calls of a worker process: those that computing and answering need, and no others.

The filter is a program of the kernel's classic BPF. Whatever is not listed fails with EPERM: no file can be opened, no
socket made, no process started, no signal sent.
"""

import ctypes
import platform
import struct
from collections.abc import Mapping

from gnatwork_blocks.javascript.system_calls import COMPUTING, Numbers

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

_ALLOW = 0x7FFF0000
_FAIL_WITH_EPERM = 0x00050001
_KILL_PROCESS = 0x80000000

_LOAD = 0x20
_JUMP_IF_EQUAL = 0x15
_JUMP_IF_AT_LEAST = 0x35
_RETURN = 0x06
# Where the kernel puts what the filter looks at.
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

#: By machine: the kernel's name of the architecture, and the number of `prlimit64`, which is looked at more closely.
_MACHINES = {"x86_64": (0xC000003E, 302), "aarch64": (0xC00000B7, 261)}
#: On x86_64, numbers from here on belong to another way of calling, which the list does not cover.
_X32 = 0x40000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def confine(libc: ctypes.CDLL, allowed: Mapping[str, Numbers] = COMPUTING) -> bool:
    """Deny all other system calls from now on, for good; whether that is so. Needs `no_new_privs`."""
    machine = platform.machine()
    if machine not in _MACHINES:
        return False
    column = tuple(_MACHINES).index(machine)
    calls = [number for row in allowed.values() if (number := row[column]) is not None]
    code = b"".join(_steps(*_MACHINES[machine], calls))
    steps = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(steps, ctypes.c_void_p))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _steps(architecture: int, prlimit: int, calls: list[int]) -> list[bytes]:
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_JUMP_IF_EQUAL, architecture, yes=1),
        _step(_RETURN, _KILL_PROCESS),
        _step(_LOAD, _NUMBER),
        _step(_JUMP_IF_AT_LEAST, _X32, no=1),
        _step(_RETURN, _FAIL_WITH_EPERM),
    ]
    for call in calls:
        steps += [_step(_JUMP_IF_EQUAL, call, no=1), _step(_RETURN, _ALLOW)]
    return [
        *steps,
        # Limits of its own process alone, which is the number 0.
        _step(_JUMP_IF_EQUAL, prlimit, no=3),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_JUMP_IF_EQUAL, 0, no=1),
        _step(_RETURN, _ALLOW),
        _step(_RETURN, _FAIL_WITH_EPERM),
    ]


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)
