"""Attempts that use the services of blocks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from gnatwork_blocks.sdk import BlockError


@dataclass(frozen=True)
class Attempt:
    """Who asks."""

    namespace: str = "default"
    idempotency_key: str = "run/task"
    traceparent: str | None = None


@contextmanager
def refusing(code: str) -> Iterator[pytest.ExceptionInfo[BlockError]]:
    """As `pytest.raises`, for a BlockError of this code."""
    with pytest.raises(BlockError) as caught:
        yield caught
    assert caught.value.code == code
