"""What blocks have of JavaScript: expressions evaluated over JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import orjson

from gnatwork_blocks.calls.conversation import Call, make
from gnatwork_blocks.calls.limits import TALKING
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.pool import Pool
from gnatwork_blocks.javascript.values import encoded, not_too_deep, too_deep


class JavaScript:
    """Evaluates scripts that nobody has to trust: each alone, in a process that can reach nothing, with limits.

    Processes start with the first evaluation. Numbers are JavaScript's: above 2**53 they lose digits; what JSON does
    not have, such as `undefined` and functions, comes out as null, and so does NaN. Dates come out as texts.
    """

    def __init__(self, pool: Pool | None = None) -> None:
        self._pool = pool or Pool()
        self._talking = Pool(size=TALKING)

    async def evaluate(self, source: str, values: Mapping[str, Any], *, timeout: float | None = None) -> Any:
        """The value of an expression, or of the last of several statements, as JSON.

        A function is called with `values["set"]`, or with `{}`; a promise is waited for.

        Args:
            source: The text, 256 KiB at most.
            values: Global constants, by name; 8 MiB of JSON at most.
            timeout: Seconds that it may compute; 5 unless given. Waiting for a free process does not count.

        Raises:
            BlockError: `code.syntax`, `code.error`, `code.timeout`, `code.memory`, `code.too_large`, `code.crashed` or
                `code.busy`; the last two are retryable. `details` are `{expression, line}` where known: the index of
                the expression, and the line of its text, from 1.
        """
        return await self._ask([source], values, timeout, choose=False)

    async def first_true(
        self, sources: Sequence[str], values: Mapping[str, Any], *, timeout: float | None = None
    ) -> int | None:
        """The index of the first expression that is true in JavaScript's eyes; None if none is. Else as `evaluate`.

        All are evaluated in one go, in the same context, and those behind the first true one not at all.
        """
        found: int | None = await self._ask(list(sources), values, timeout, choose=True)
        return found

    async def run_slice(self, request: bytes, values: bytes, timeout: float) -> bytes:
        """The answer to a slice of a program, all as `slices` has them. Raises BlockError as `evaluate` does."""
        try:
            return await self._pool.ask(request, values, timeout + limits.GRACE)
        except TimeoutError:
            message = f"The program computed for more than {timeout:g} s without waiting for a step, and was killed."
            raise BlockError("code.timeout", message) from None

    async def call(self, call: Call) -> Any:
        """What a function returns, as JSON; BlockError with a code `code.…`.

        One that makes requests has a process for as long as they take, which is none of those for all others.
        """
        return await make(call, self._pool if call.fetch is None else self._talking)

    async def aclose(self) -> None:
        """End all processes."""
        await self._pool.aclose()
        await self._talking.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def _ask(self, sources: list[str], values: Mapping[str, Any], timeout: float | None, *, choose: bool) -> Any:
        seconds = limits.TIMEOUT if timeout is None else timeout
        request = orjson.dumps({"sources": sources, "choose": choose, "timeout": seconds})
        if sum(len(source.encode()) for source in sources) > limits.SOURCE:
            raise BlockError("code.too_large", f"The source has more than {limits.SOURCE:,} bytes.")
        try:
            answer = await self._pool.ask(request, encoded(values), seconds + limits.GRACE)
        except TimeoutError:
            raise BlockError("code.timeout", f"The script took longer than {seconds:g} s and was killed.") from None
        return _decoded(answer)


def _decoded(answer: bytes) -> Any:
    """The value of an answer; a process that a script has got hold of may send anything."""
    try:
        found = orjson.loads(answer)
        if "value" in found:
            return not_too_deep(found["value"], answer)
        error = found["error"]
        details = {"expression": error["at"], "line": error["line"]}
        failure = BlockError(
            error["code"],
            error["message"],
            details={key: value for key, value in details.items() if value is not None},
        )
    except (TypeError, KeyError, ValueError) as error:
        if too_deep(error):
            raise BlockError("code.too_large", f"The result is nested more than {limits.DEPTH} levels deep.") from error
        raise BlockError("code.crashed", "The script's process gave no proper answer.", retryable=True) from error
    raise failure
