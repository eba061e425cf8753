"""The steps of a program in Python: those that it has asked for, and what it has heard of them."""

import json
import uuid
from random import Random
from typing import Any

from gnatwork_blocks.program_steps import NotTheSameError, step_digest, step_name

#: Steps that are asked for ahead of any room, and characters of them, that are kept for later slices.
_AHEAD, _AHEAD_SIZE = 10_000, 256 * 1024


class Steps:
    """The bookkeeping of one slice."""

    def __init__(self, request: dict[str, Any], task: dict[str, Any]) -> None:
        self._mark: str = request["mark"]
        self._known: list[list[str]] = request["known"]
        self._first: int = request["first"]
        self._room: int = request["room"]
        self._seen: int | None = task["seen"]
        #: `[number, milliseconds, failed, value]` of each, in order; those before `_before` are not told again.
        self._outcomes: list[list[Any]] = task["outcomes"]
        self._before = 0
        self._seed: str = task["seed"]
        self._uuids = 0
        #: Milliseconds since 1970.
        self.now: int = task["began"]
        self.delivered = 0
        #: The calls that wait, by the number of their step.
        self.calls: dict[int, int] = {}
        self.asked = 0
        #: JSON and line of those that nobody knows of yet.
        self._fresh: list[list[Any]] = []
        #: What the errors of steps say, with the number of the step and the error.
        self.failures: dict[str, list[Any]] = {}

    @property
    def muted(self) -> bool:
        """Whether the program only repeats what it has told already."""
        return self._seen is not None and self.delivered <= self._seen

    @property
    def more(self) -> bool:
        """Whether there are more than there is room for."""
        return self.asked > len(self._known) + self._room

    @property
    def full(self) -> bool:
        """Whether the program has asked for so many that it has to wait before it asks for the next."""
        return self.asked >= len(self._known) + self._room + _AHEAD

    def ask(self, step: list[Any], line: int | None) -> int:
        """The number of a step that is asked for.

        Raises:
            NotTheSameError: It was another one before.
            TypeError: It is not JSON.
            ValueError: Likewise.
        """
        text = json.dumps(step, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
        number = self.asked
        if number < len(self._known):
            digest, was = self._known[number]
            if step_digest(text, self._mark) != digest:
                raise NotTheSameError(self._first + number, was, step_name(*step))
        else:
            self._fresh.append([text, line])
        self.asked += 1
        return number

    def next(self) -> list[Any] | None:
        """The next outcome that the program has not heard of."""
        place = self.delivered - self._before
        return self._outcomes[place] if place < len(self._outcomes) else None

    def hear(self, outcome: list[Any]) -> dict[str, Any]:
        """How the program is told of an outcome."""
        number, at, failed, value = outcome
        self.delivered += 1
        self.now = max(self.now, at)
        self.calls.pop(number, None)
        if not failed:
            return {"return_value": value}
        message = f"{value['code']}: {value['message']} (step {self._first + number})"
        self.failures[message] = [number, value]
        return {"exc_type": "RuntimeError", "message": message}

    def failed(self, message: str) -> dict[str, Any]:
        """Of which step an error is that says this, and what it was; nothing if it is none of a step."""
        known = self.failures.get(message)
        return {"error": known[1], "step": known[0]} if known else {}

    def is_known(self, number: int) -> bool:
        """Whether the outcome of a step is among those to be told."""
        return any(outcome[0] == number for outcome in self._outcomes[self.delivered - self._before :])

    def uuid(self) -> str:
        """An id that is the same in each replay."""
        self._uuids += 1
        chance = Random(f"{self._seed}/{self._uuids}")  # noqa: S311 - it has to be the same again
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))

    def granted(self) -> list[list[Any]]:
        """The new steps that there is room for."""
        return self._fresh[: self._room]

    def check(self) -> None:
        """Raise NotTheSameError when the program has asked for fewer steps than it did."""
        if self.asked < len(self._known):
            raise NotTheSameError(self._first + self.asked, self._known[self.asked][1], None)

    def state(self) -> dict[str, Any] | None:
        """What a later slice needs to go on from here; None for too much."""
        ahead = self._fresh[self._room :]
        if self.full or sum(len(text) for text, _ in ahead) > _AHEAD_SIZE:
            return None
        return {
            "now": self.now,
            "delivered": self.delivered,
            "calls": list(self.calls.items()),
            "asked": self.asked,
            "ahead": ahead,
            "failures": self.failures,
            "uuids": self._uuids,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there; the outcomes are those that came after."""
        self.now = state["now"]
        self.delivered = self._before = state["delivered"]
        self.calls = dict(state["calls"])
        self.asked = state["asked"]
        self.failures = state["failures"]
        self._uuids = state["uuids"]
        for step in state["ahead"]:
            number = self.asked - len(state["ahead"]) + len(self._fresh)
            if number >= len(self._known):
                self._fresh.append(step)
