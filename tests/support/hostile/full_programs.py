"""In CPython, where the walls are all there is."""

from support.hostile.program import Program, fails, yields

_FORGED = """\
import os
def main(x):
    told = b'{"lines": [], "value": "forged"}'
    for pipe in range(31, 2, -1):
        try:
            os.write(pipe, len(told).to_bytes(4, "little") + told)
            break
        except OSError:
            pass
    while True:
        pass
"""
_FLOOD = """\
import os
def main(x):
    for pipe in range(3, 32):
        try:
            while True:
                os.write(pipe, b"\\xff" * 65536)
        except OSError:
            pass
"""
#: Each has to be refused by the kernel.
_REFUSED = """\
import ctypes, fcntl, mmap, os, resource, signal, socket
libc = ctypes.CDLL(None, use_errno=True)

def syscall(number, *arguments):
    ctypes.set_errno(0)
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")

intel = os.uname().machine == "x86_64"
attempts = {
    "trace": lambda: syscall(101 if intel else 117, 16, os.getppid(), 0, 0),
    "read memory": lambda: syscall(310 if intel else 270, os.getppid(), 0, 0, 0, 0, 0),
    "ring": lambda: syscall(425, 1, ctypes.create_string_buffer(256)),
    "namespaces": lambda: syscall(272 if intel else 97, 0x10000000),
    "memory file": lambda: os.memfd_create("x"),
    "pipe": lambda: os.pipe(),
    "unix socket": lambda: socket.socket(socket.AF_UNIX),
    "pair": lambda: socket.socketpair(),
    "group": lambda: os.setsid(),
    "alarm of its own": lambda: signal.setitimer(signal.ITIMER_REAL, 1),
    "write": lambda: open("/tmp/hostile", "w"),
    "link": lambda: os.symlink("/", "/tmp/hostile"),
    "folder": lambda: os.mkdir("/tmp/hostile"),
    "remove": lambda: os.unlink("/etc/hostname"),
    "signals by a descriptor": lambda: fcntl.fcntl(3, fcntl.F_SETOWN, os.getpid()),
    "signals by another way": lambda: fcntl.ioctl(4, 0x8901, b"\\0\\0\\0\\0"),
    "another's limits": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU),
    "more memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40)),
    "signal the group": lambda: os.killpg(0, 0),
}

def main(x):
    passed = []
    for name, attempt in attempts.items():
        try:
            attempt()
            passed.append(name)
        except (OSError, ValueError):
            pass
    return passed
"""

FULL: tuple[Program, ...] = (
    fails("def main(x):\n    while True: pass", "timeout", "killed"),
    fails(
        "import signal\nfor n in (2, 14, 15, 24): signal.signal(n, signal.SIG_IGN)\ndef main(x):\n    while True: pass",
        "timeout",
        "killed",
    ),
    fails("import re\ndef main(x): return re.match('(a+)+$', 'a' * 40 + 'b')", "timeout", "killed"),
    fails("import time\ndef main(x): time.sleep(600)", "timeout", "killed"),
    fails("def main(x): return 10**10**9", "timeout memory"),
    fails("def main(x): return bytearray(10**9)", "memory"),
    fails("def main(x):\n    y = []\n    while True: y.append('z' * 10000)", "memory"),
    fails("import mmap\ndef main(x): return len(mmap.mmap(-1, 10**9))", "error", "Errno 12"),
    fails("def main(x): return main(x)", "error", "RecursionError"),
    fails("import sys\nsys.setrecursionlimit(10**9)\ndef main(x): return main(x)", "timeout crashed memory error"),
    fails("import ctypes\ndef main(x): return ctypes.string_at(0)", "crashed"),
    fails("import os\ndef main(x): os._exit(0)", "crashed"),
    fails("import os\ndef main(x): os.abort()", "crashed"),
    fails("import sys\ndef main(x): sys.exit(3)", "error", "SystemExit"),
    fails("import os\ndef main(x): return os.fork()", "error", "PermissionError"),
    fails("import subprocess\ndef main(x): subprocess.run(['true'])", "error", "PermissionError"),
    fails("import os\ndef main(x): os.execv('/bin/true', ['true'])", "error", "PermissionError"),
    fails("import threading\ndef main(x): threading.Thread(target=print).start()", "error", "thread"),
    fails("import socket\ndef main(x): socket.create_connection(('127.0.0.1', 4222))", "error", "PermissionError"),
    fails("import os\ndef main(x): os.kill(os.getppid(), 9)", "error", "PermissionError"),
    fails("def main(x): return open('/etc/passwd').read()", "error", "PermissionError"),
    fails("def main(x): return open('/proc/self/environ').read()", "error", "PermissionError"),
    fails("import os\ndef main(x): return open('/proc/1/environ').read()", "error", "PermissionError"),
    fails("import os\ndef main(x): return os.listdir('/')", "error", "PermissionError"),
    fails("import pydantic", "error", "No module"),
    yields("import os\ndef main(x): return sorted(set(os.environ) - {'TZ', 'LC_CTYPE'})", []),
    yields(_REFUSED, []),
    yields(_FORGED, "forged"),
    fails(_FLOOD, "crashed"),
    yields("import os\ndef main(x):\n    os.write(1, b'junk')\n    os.write(2, b'junk')\n    return 2", 2),
    fails("def main(x): return {1}", "output_invalid", "set"),
    fails("def main(x): return float('inf')", "output_invalid"),
    fails("def main(x):\n    y = 1\n    for _ in range(100000): y = [y]\n    return y", "output_invalid"),
    fails("def main(x): return 'a' * 9_000_000", "too_large"),
    yields("def main(x): return '\\ud800\\0'", "?\0"),
    yields("def main(x):\n    for n in range(10000): print(n)\n    return 6", 6),
    fails("class E(Exception):\n    def __str__(self): raise E\ndef main(x): raise E", "error", "looked at"),
    yields(
        "import builtins\nbefore = getattr(builtins, 'dirty', 0)\nbuiltins.dirty = 1\ndef main(x): return before", 0
    ),
    yields(
        "import builtins\nbefore = getattr(builtins, 'dirty', 0)\nbuiltins.dirty = 1\ndef main(x): return before", 0
    ),
    fails("x = 1", "no_entry", "def main(input)"),
    fails("def main(:", "syntax", "line 1"),
)
