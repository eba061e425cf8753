"""A package of blocks of one's own, from `gnatwork blocks new` to a workflow that uses it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.installation import gnatwork

PATIENCE = 100.0

SECOND = '''"""The block type `count-letters`: a plain function."""

from gnatwork import Block, BlockContext
from pydantic import BaseModel


class CountLettersBlock(Block):
    """Counts the letters of a text."""

    type = "count-letters"
    title = "Count letters"
    summary = "Counts the letters of a text."

    class Config(BaseModel):
        """What the block is given."""

        text: str

    def run(self, ctx: BlockContext, config: Config) -> dict[str, int]:
        """Do the work of one attempt."""
        ctx.progress(0.5)
        return {"letters": len(config.text)}
'''

ITS_TEST = """import subprocess
import sys

from gnatwork.testing import Engine, run_block

from gnatwork_say_hello.blocks.count_letters import CountLettersBlock


async def test_it_counts() -> None:
    assert await run_block(CountLettersBlock, {"text": "hello"}) == {"letters": 5}


async def test_both_work_in_a_workflow(engine: Engine) -> None:
    ran = await engine.run(
        {
            "blocks": [
                {"id": "said", "type": "say-hello", "config": {"text": "{{ input }}"}},
                {"id": "counted", "type": "count-letters", "config": {"text": "{{ said.text }}"}},
            ]
        },
        "hello",
    )
    assert ran.output == {"counted": {"letters": 5}}


async def test_an_error_is_the_runs(engine: Engine) -> None:
    ran = await engine.run({"blocks": [{"id": "said", "type": "say-hello", "config": {"text": "{{ input }}"}}]}, "")
    assert ran.status == "failed"
    assert ran.error is not None
    assert ran.error.code == "say-hello.silent"
    assert ran.tasks["said"].status == "failed"


async def test_a_broken_block_harms_no_other(engine: Engine) -> None:
    async with engine.client() as client:
        blocks = {block.type: block.executors for block in await client.blocks()}
        disabled = {name: why for one in await client.executors() for name, why in one.disabled.items()}
    assert blocks["say-hello"]
    assert "broken" not in blocks
    assert disabled == {
        "broken": "broken (gnatwork_say_hello.blocks.broken): ModuleNotFoundError: No module named 'no_such_library'"
    }
    listed, examined = gnatwork(engine, "blocks", "list"), gnatwork(engine, "doctor")
    assert "broken is unavailable in " in listed.stdout
    assert "No module named 'no_such_library'" in listed.stdout
    assert (examined.returncode, "PROBLEM  block broken" in examined.stdout) == (1, True)


def gnatwork(engine: Engine, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "gnatwork_cli", *words, "--data-dir", str(engine.data_dir)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
"""


async def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """A command that has to succeed; what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *map(str, command),
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


@pytest.mark.timeout(240)
async def test_a_new_package_works_and_a_second_block_is_a_file_and_its_test(tmp_path: Path) -> None:
    package, site = tmp_path / "mine", tmp_path / "site"
    made = await gnatwork("blocks", "new", "say-hello", "--directory", package)
    assert made.code == 0, made.err
    await run("-m", "ruff", "format", "--check", cwd=package)
    await run("-m", "ruff", "check", cwd=package)
    await run("-m", "mypy", cwd=package, PYTHONPATH=str(package))

    blocks = package / "gnatwork_say_hello" / "blocks"
    (blocks / "count_letters.py").write_text(SECOND)
    (package / "tests" / "test_count_letters.py").write_text(ITS_TEST)
    (blocks / "broken.py").write_text("import no_such_library")
    install = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    await run(*install, "--target", site, package, cwd=tmp_path)
    # From elsewhere, so that what is tested is what is installed.
    out = await run("-m", "pytest", "-q", "-c", package / "pyproject.toml", cwd=tmp_path, PYTHONPATH=str(site))
    assert "8 passed" in out
