"""What a worker process can reach when a script has broken out of the engine: Python plays the intruder."""

import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import gnatwork_blocks
from gnatwork_blocks.javascript.service import JavaScript

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}, reason="the walls are Linux's"
)

_INTRUDER = """
import ctypes, json, mmap, os, resource, signal, socket, subprocess, sys, threading
sys.path.append(sys.argv[1])
from gnatwork_blocks.javascript import hardening, limits, seccomp
chosen = sys.argv[3:]
if chosen:
    seccomp.confine = lambda *_: False
libc = ctypes.CDLL(None, use_errno=True)
parent, secret = os.getppid(), sys.argv[2]
intel = os.uname().machine == "x86_64"
readable = os.open(secret, os.O_RDONLY)
os.close(readable)

def called(number, *arguments):
    ctypes.set_errno(0)
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")

attempts = {
    "read a file": lambda: open(secret),
    "write a file": lambda: open(secret + ".new", "w"),
    "read its environment": lambda: open("/proc/self/environ"),
    "read its parent": lambda: open(f"/proc/{parent}/status"),
    "list a folder": lambda: os.listdir("/"),
    "remove a file": lambda: os.unlink(secret),
    "rename a file": lambda: os.rename(secret, secret + ".old"),
    "make a folder": lambda: os.mkdir(secret + ".d"),
    "look at a file": lambda: os.stat(secret),
    "change a file": lambda: os.chmod(secret, 0o777),
    "link a file": lambda: os.symlink("/", secret + ".link"),
    "change its folder": lambda: os.chdir("/"),
    "open a socket": lambda: socket.socket(),
    "open a unix socket": lambda: socket.socket(socket.AF_UNIX),
    "open a pair of sockets": lambda: socket.socketpair(),
    "open a pipe": lambda: os.pipe(),
    "copy a descriptor": lambda: os.dup(0),
    "make a memory file": lambda: os.memfd_create("x"),
    "fork": lambda: os.fork() or os._exit(0),
    "execute": lambda: os.execv(sys.executable, [sys.executable, "-c", "print('[]')"]),
    "start a process": lambda: subprocess.run(["true"], check=True),
    "start a thread": lambda: threading.Thread(target=print, args=("",)).start(),
    "ask for its parent": lambda: os.kill(parent, 0),
    # As permitted as SIGKILL, but does no harm where the walls fail.
    "signal its parent": lambda: os.kill(parent, signal.SIGCONT),
    "limit its parent": lambda: resource.prlimit(parent, resource.RLIMIT_CPU),
    "raise its limit of descriptors": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    "raise its limit of memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40)),
    "take a gigabyte": lambda: bytearray(2**30),
    "become another": lambda: os.setuid(1),
    "leave its namespaces": lambda: called(272 if intel else 97, 0x10000000),
    "trace its parent": lambda: called(101 if intel else 117, 16, parent, 0, 0),
    "read the memory of its parent": lambda: called(310 if intel else 270, parent, 0, 0, 0, 0, 0),
    "open a ring": lambda: called(425, 1, ctypes.create_string_buffer(256)),
    "run in another way": lambda: called(0x40000000 + 2, secret.encode(), 0),
}
layers = hardening.harden(limits.ADDRESS_SPACE, parent=parent)
found = {}
for name in chosen or attempts:
    try:
        attempts[name]()
    except (OSError, MemoryError, RuntimeError, ValueError) as error:
        found[name] = type(error).__name__
    else:
        found[name] = ""
os.write(1, json.dumps({"layers": layers, "found": found, "environment": list(os.environ)}).encode())
"""


def intruded(secret: Path, *chosen: str) -> Any:
    """What came of all attempts, or of those chosen without the filter of system calls."""
    secret.write_text("secret")
    program = [sys.executable, "-I", "-S", "-c", _INTRUDER]
    place = str(Path(gnatwork_blocks.__file__).parent.parent)
    done = subprocess.run([*program, place, str(secret), *chosen], capture_output=True, text=True, check=True, env={})
    return json.loads(done.stdout)


def test_an_intruder_can_do_nothing(tmp_path: Path) -> None:
    told = intruded(tmp_path / "secret")
    assert told["layers"]["seccomp"]
    assert told["layers"]["no_new_privs"]
    assert told["layers"]["limits"]
    assert [name for name, error in told["found"].items() if not error] == []
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]
    assert (tmp_path / "secret").read_text() == "secret"


def test_the_other_walls_hold_without_the_filter(tmp_path: Path) -> None:
    attempts = ("read a file", "write a file", "list a folder", "remove a file", "execute", "open a socket")
    told = intruded(tmp_path / "secret", *attempts, "open a pipe", "take a gigabyte")
    assert not told["layers"]["seccomp"]
    assert [name for name, error in told["found"].items() if not error] == []


async def test_a_worker_says_which_walls_are_up(javascript: JavaScript) -> None:
    await javascript.evaluate("1", {})
    (layers,) = {tuple(sorted(worker.layers.items())) for worker in javascript._pool._living}
    assert dict(layers).keys() == {"limits", "no_new_privs", "landlock", "seccomp"}
    assert dict(layers)["seccomp"]


def seen(pid: int) -> tuple[set[bytes], set[str]] | None:
    """The environment and the descriptors of a process; None when this user can't look into it."""
    process = Path(f"/proc/{pid}")
    try:
        environment = (process / "environ").read_bytes().split(b"\0")
        return {entry.partition(b"=")[0] for entry in environment if entry}, {
            entry.name for entry in (process / "fd").iterdir()
        }
    except PermissionError:
        return None


async def test_a_worker_has_none_of_the_executors_environment(javascript: JavaScript) -> None:
    await javascript.evaluate("1", {})
    for pid in javascript._pool.pids:
        found = seen(pid)
        assert found is None or (found[0] <= {b"TZ", b"LC_CTYPE"} and found[1] == {"0", "1", "2"})
