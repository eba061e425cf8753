"""The one Python service of a process, made when a block first asks for it."""

from importlib import import_module
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:  # see below
    from gnatwork_blocks.python.service import Python


class SharedPython:
    """Call it for the service; close it when no block runs any more.

    What serves it is imported with the first call: many an executor never needs it.
    """

    def __init__(self) -> None:
        self._service: Python | None = None

    def __call__(self) -> "Python":
        """The service, the same each time."""
        if self._service is None:
            self._service = import_module("gnatwork_blocks.python.service").Python()
        return self._service

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End its processes, if there are any."""
        if self._service is not None:
            service, self._service = self._service, None
            await service.aclose()
