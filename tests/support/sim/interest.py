"""Who listens to what."""

from collections.abc import Callable, Iterator

from support.sim.messages import Message
from support.sim.network import Session
from support.sim.subjects import is_literal, matcher

_Listener = tuple[Session, Callable[[int, Message], None], int]


class Interest:
    """Subscriptions of all sessions, found by subject."""

    def __init__(self) -> None:
        self._exact: dict[str, list[_Listener]] = {}
        #: Patterns whose last token alone is a wildcard, without it.
        self._below: dict[str, list[_Listener]] = {}
        self._others: dict[str, list[_Listener]] = {}

    def add(self, pattern: str, session: Session, deliver: Callable[[int, Message], None], number: int) -> None:
        """A session listens."""
        session.subscriptions[number] = pattern
        place, key = self._place(pattern)
        place.setdefault(key, []).append((session, deliver, number))

    def remove(self, session: Session, number: int) -> None:
        """A session no longer listens."""
        pattern = session.subscriptions.pop(number, None)
        if pattern is None:
            return
        place, key = self._place(pattern)
        place[key] = [entry for entry in place[key] if entry[0] is not session or entry[2] != number]
        if not place[key]:
            del place[key]

    def forget(self, session: Session) -> None:
        """A session is over."""
        for number in tuple(session.subscriptions):
            self.remove(session, number)

    def exists(self, subject: str) -> bool:
        """Whether anyone listens."""
        return next(iter(self.of(subject)), None) is not None

    def of(self, subject: str) -> Iterator[_Listener]:
        """Whoever listens to a subject."""
        yield from tuple(self._exact.get(subject, ()))
        yield from tuple(self._below.get(subject.rpartition(".")[0], ()))
        for pattern, listeners in tuple(self._others.items()):
            if matcher(pattern).fullmatch(subject):
                yield from listeners

    def _place(self, pattern: str) -> tuple[dict[str, list[_Listener]], str]:
        if is_literal(pattern):
            return self._exact, pattern
        head, _, last = pattern.rpartition(".")
        if last == "*" and is_literal(head):
            return self._below, head
        return self._others, pattern
