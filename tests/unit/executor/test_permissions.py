"""What is hosted only where it is named and allowed."""

import pytest

from gnatwork_blocks.registry import expand, groups
from gnatwork_executor.permissions import NotAllowedError, check_allowed
from gnatwork_executor.serve import run_executor
from gnatwork_executor.settings import ExecutorSettings


async def test_an_executor_refuses_real_python_and_says_how_it_is_allowed() -> None:
    settings = ExecutorSettings(nats_url="nats://127.0.0.1:1", blocks=("noop", "python-full"))
    with pytest.raises(NotAllowedError, match=r"the kernel alone holds.*--allow-python-full"):
        await run_executor(settings)


def test_it_may_be_allowed() -> None:
    check_allowed(("python-full",), python_full=True)
    check_allowed(("code",), python_full=False)


def test_no_group_brings_it() -> None:
    assert "python-full" not in expand(groups())
