"""What a program in Python is given beside its steps, the same in each replay."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gnatwork_blocks.python.program_api import ORDERS
from gnatwork_blocks.python.program_errors import info
from gnatwork_blocks.python.program_steps import Steps

#: Functions that yield a value at once.
VALUES = frozenset({"transition", "finish", "template", "uuid", "error_of"})
#: Functions of the standard library that ask for the time.
CLOCKS = frozenset({"datetime.now", "date.today", "time.time"})


class Values:
    """Those of one slice."""

    def __init__(self, mark: str, steps: Steps) -> None:
        self._mark = mark
        self._steps = steps

    def of(self, name: str, args: Sequence[Any], more: Mapping[str, Any]) -> Any:
        """What a function of `VALUES` yields; TypeError when it is called in another way."""
        if name in ORDERS:
            return {self._mark: ORDERS[name](*args, **more)}
        if name == "uuid":
            return self._steps.uuid()
        if len(args) != 1 or more:
            raise TypeError(f"{name}() takes one argument")
        if name == "error_of":
            return self._steps.failures.get(str(args[0]), [None, None])[1]
        if not isinstance(args[0], str):
            raise TypeError("a template is a text")
        return f"{self._mark}<{args[0]}>{self._mark}"

    def ended(self, output: Any) -> dict[str, Any]:
        """How the program ended that returned this: what it yields, and where it goes on."""
        next_ = None
        if isinstance(output, dict) and list(output) == [self._mark]:
            _, next_, output = output[self._mark]
        try:
            text = json.dumps(output, allow_nan=False, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError) as error:
            return {"error": info("script.failed", f"The program returned what is not JSON: {error}.")}
        return {"value": text, "next": next_}

    def time(self, name: str, args: Sequence[Any]) -> Any:
        """What a function of `CLOCKS` yields."""
        now = datetime.fromtimestamp(self._steps.now / 1000, UTC)
        match name:
            case "datetime.now":
                return now.astimezone(args[0]) if args and args[0] else now.replace(tzinfo=None)
            case "date.today":
                return now.date()
        return now.timestamp()
