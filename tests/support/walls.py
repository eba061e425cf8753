"""What walls the machine of the tests can give."""

import ctypes
import platform
import sys

_LANDLOCK_CREATE_RULESET = 444
_ASK_VERSION = 1


def all_walls() -> bool:
    """Whether it has those without which real Python does not run: Landlock and seccomp."""
    if sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}:
        return False
    return bool(ctypes.CDLL(None).syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION) > 0)
