"""What blocks have of Python: calls of functions, each in an interpreter that can reach nothing."""

import shutil
import sysconfig
from typing import Any, Self

from gnatwork_blocks.calls.conversation import Call, make
from gnatwork_blocks.errors import ScriptWorkerError
from gnatwork_blocks.javascript.pool import Pool
from gnatwork_blocks.javascript.process import Program

#: The interpreter's program, as its wheel installs it.
_BINARY = "monty"


class Python:
    """Calls functions that nobody has to trust. Processes start with the first call."""

    def __init__(self, pool: Pool | None = None) -> None:
        self._pool = pool

    @property
    def pool(self) -> Pool:
        """The processes, see `python.worker`.

        Raises:
            ScriptWorkerError: The interpreter is not installed.
        """
        if self._pool is None:
            self._pool = Pool(_program())
        return self._pool

    async def call(self, call: Call) -> Any:
        """What the function returns, as JSON; BlockError with a code `code.…`."""
        return await make(call, self.pool)

    async def aclose(self) -> None:
        """End all processes."""
        if self._pool is not None:
            await self._pool.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()


def _program() -> Program:
    binary = shutil.which(_BINARY, path=sysconfig.get_path("scripts")) or shutil.which(_BINARY)
    if binary is None:
        raise ScriptWorkerError("pydantic-monty is not installed")
    return Program(module="gnatwork_blocks.python.worker", engine="pydantic_monty", environment={"MONTY_BIN": binary})
