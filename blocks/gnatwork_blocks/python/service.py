"""What blocks have of Python: calls of functions, each in an interpreter that can reach nothing."""

import shutil
import sysconfig
from typing import Any, Self

from gnatwork_blocks.calls.conversation import Call, make
from gnatwork_blocks.calls.limits import TALKING
from gnatwork_blocks.errors import BlockError, ScriptWorkerError
from gnatwork_blocks.javascript.limits import GRACE
from gnatwork_blocks.javascript.pool import Pool
from gnatwork_blocks.javascript.process import Program

#: The interpreter's program, as its wheel installs it.
_BINARY = "monty"


class Python:
    """Calls functions that nobody has to trust. Processes start with the first call.

    Raises:
        ScriptWorkerError: The interpreter is not installed.
    """

    def __init__(self, pool: Pool | None = None) -> None:
        #: The processes, see `python.worker`.
        self.pool = pool or Pool(_program())
        self._talking = Pool(_program(), size=TALKING)

    async def call(self, call: Call) -> Any:
        """What a function returns, as JSON; BlockError with a code `code.…`.

        One that makes requests has a process for as long as they take, which is none of those for all others.
        """
        return await make(call, self.pool if call.fetch is None else self._talking)

    async def run_slice(self, request: bytes, values: bytes, timeout: float) -> bytes:
        """The answer to a slice of a program, see `python.slices`. Raises BlockError as `call` does."""
        try:
            return await self.pool.ask(request, values, timeout + GRACE)
        except TimeoutError:
            message = f"The program computed for more than {timeout:g} s without waiting for a step, and was killed."
            raise BlockError("code.timeout", message) from None

    async def aclose(self) -> None:
        """End all processes."""
        await self.pool.aclose()
        await self._talking.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()


def _program() -> Program:
    binary = shutil.which(_BINARY, path=sysconfig.get_path("scripts")) or shutil.which(_BINARY)
    if binary is None:
        raise ScriptWorkerError("pydantic-monty is not installed")
    return Program(module="gnatwork_blocks.python.worker", engine="pydantic_monty", environment={"MONTY_BIN": binary})
