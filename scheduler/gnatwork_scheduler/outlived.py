"""Lists of steps that nobody reads any more: each slice of a long program is told of all steps in a list of its own.

Such lists grow with each step, so all of them together would soon be more than all that the program does. When one is
stored, the slice before has settled, and its list goes. Whoever still runs that slice is too late in any case.
"""

import logging
from collections import OrderedDict

from gnatwork_bus.payloads import Payloads
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.implicit import is_slice, unnumbered
from gnatwork_schemas.payload import PayloadRef

log = logging.getLogger(__name__)

#: Programs whose last list is remembered; of one that is forgotten, and of each that another scheduler takes over, one
#: list stays as long as the run.
_KEPT = 10_000


class OutlivedLists:
    """Removes the list of a slice when that of the next one is there."""

    def __init__(self, payloads: Payloads) -> None:
        self._payloads = payloads
        #: By run and program, the number of the last slice and the id of its list.
        self._last: OrderedDict[tuple[str, str, str], tuple[int, str]] = OrderedDict()

    async def follow(self, namespace: str, run_id: str, task: str, stored: PayloadRef) -> None:
        """This has been stored for a task: if that is a slice, what was stored for the one before goes."""
        if not is_slice(task):
            return
        program = namespace, run_id, unnumbered(task)
        found = int(task.rpartition("-")[2]), stored.id
        # A dispatch that is made again may be overtaken by the next one.
        before, newest = sorted((self._last.pop(program, found), found))
        self._last[program] = newest
        if len(self._last) > _KEPT:
            self._last.popitem(last=False)
        # Another attempt is told the same.
        if before == newest:
            return
        try:
            await self._payloads.purge(namespace, run_id, before[1])
        except GnatworkError as error:
            log.debug("%s of run %s stays: %s", before[1], run_id, error)
