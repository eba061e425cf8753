"""In Python, as Monty knows it."""

from support.hostile.program import Program, fails, yields

PYTHON: tuple[Program, ...] = (
    # Loops of every kind.
    fails("while True: pass", "timeout"),
    fails(
        "def main(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
        "timeout",
    ),
    fails("def main(x): return sum(range(10**12))", "timeout memory"),
    fails("def main(x): return [y for y in iter(int, 1)]", "timeout memory error"),
    fails("def main(x):\n    n = 3\n    while True: n = n * n % 10**30000", "timeout memory"),
    fails("def main(x): return 10**10**10", "timeout memory error"),
    yields("import re\ndef main(x): return re.match('(a+)+$', 'a' * 40 + 'b')", None),
    fails("async def main(x):\n    while True: pass", "timeout"),
    fails("import time\ndef main(x): time.sleep(600)", "error", "sleep"),
    # Memory and depth.
    fails("def main(x): return [0] * 10**9", "memory"),
    fails("def main(x):\n    y = 'a'\n    while True: y += y", "memory"),
    fails("def main(x):\n    y = []\n    while True: y.append('z' * 1000)", "memory"),
    fails("def main(x): return 'a' * 10**12", "memory"),
    fails("def main(x): return {n: n for n in range(10**8)}", "memory timeout"),
    fails("def main(x): return main(x)", "error", "RecursionError"),
    fails("def main(x):\n    y = 1\n    for _ in range(300): y = [y]\n    return y", "too_large"),
    fails(
        "def main(x):\n    y = 1\n    for _ in range(100000): y = [y]\n    return y",
        "output_invalid too_large memory crashed",
    ),
    fails("def main(x): return 'a' * 9_000_000", "too_large memory"),
    fails("def main(x): return list(range(3_000_000))", "too_large memory timeout"),
    fails("(" * 20000, "syntax crashed memory"),
    # Output that is none.
    fails("def main(x): return {1}", "output_invalid", "set"),
    fails("def main(x): return b'x'", "output_invalid", "bytes"),
    fails("def main(x): return float('nan')", "output_invalid"),
    fails("def main(x):\n    y = []\n    y.append(y)\n    return y", "output_invalid", "ircular"),
    fails("def main(x): return main", "output_invalid", "function"),
    fails("class A:\n    pass\ndef main(x): return A()", "output_invalid"),
    yields("def main(x): return 'a\\0b'", "a\0b"),
    yields("def main(x): return (1, {2: None})", [1, {"2": None}]),
    # What one leaves behind, no other sees: each of these comes twice.
    yields(
        "try:\n    seen\n    before = 1\nexcept NameError:\n    before = 0\nseen = 1\ndef main(x): return before", 0
    ),
    yields(
        "try:\n    seen\n    before = 1\nexcept NameError:\n    before = 0\nseen = 1\ndef main(x): return before", 0
    ),
    yields("len = lambda _: 0\nstr = json = None\ndef main(x): return [1]", [1]),
    # The world.
    fails("def main(x): return open('/etc/passwd').read()", "error", "PermissionError"),
    fails("import os\ndef main(x): return dict(os.environ)", "error"),
    fails("import os\ndef main(x): return os.system('true')", "error"),
    fails("import socket", "error", "ModuleNotFoundError"),
    fails("import subprocess", "error", "ModuleNotFoundError"),
    fails("import ctypes", "error", "ModuleNotFoundError"),
    fails("def main(x): return __import__('os')", "error", "NameError"),
    fails("def main(x): return ().__class__.__base__.__subclasses__()", "error"),
    fails("def main(x): return main.__globals__", "error"),
    fails("def main(x): return http('http://127.0.0.1/')", "error", "NameError"),
    fails("import pathlib\ndef main(x): return pathlib.Path('/etc/passwd').read_text()", "error"),
    # Floods, and lies.
    fails("def main(x):\n    while True: print('y' * 100000)", "timeout"),
    yields("def main(x):\n    for n in range(10000): print('{\"value\": 1}', n)\n    return 5", 5),
    fails("def main(x): raise ValueError('x' * 1_000_000)", "error", "ValueError"),
    fails("def main(x): raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
    fails("def main(x): raise MemoryError", "memory"),
    fails("main = 5", "error", "callable"),
    fails("x = 1", "no_entry", "def main(input)"),
    fails("def main(:", "syntax", "line 1"),
    fails("def main(x):\n    yield 1", "syntax", "yield"),
    fails('def main(x): return 1\n"""', "syntax"),
)
