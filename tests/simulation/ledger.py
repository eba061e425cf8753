"""Limits, counted from what is told of them: who may hold a slot, who has one, and whether any is left over."""

from dataclasses import dataclass, field

from gnatwork_engine.core import Event
from gnatwork_schemas.messages import LimitAcquire, LimitGranted, LimitRefused, LimitRelease, LimitSnapshot

#: A run by its history base, and of a task its path and the attempt.
Holder = tuple[str, str | None, int]


@dataclass
class _Key:
    kind: str = ""
    max: int = 0
    per: float = 0.0
    #: When it was first asked for a slot, Unix seconds.
    since: float = 0.0
    #: Whoever has asked and not given back, by all that was told, and by the last so many events.
    asking: dict[Holder, None] = field(default_factory=dict)
    told: list[tuple[int, bool, Holder]] = field(default_factory=list)
    holding: set[Holder] = field(default_factory=set)
    #: Whoever was ever let in.
    granted: set[Holder] = field(default_factory=set)


class Ledger:
    """The slots of all limits in one simulation. What is wrong comes back as a text."""

    def __init__(self) -> None:
        self._keys: dict[str, _Key] = {}

    def asked(self, event: Event) -> str | None:
        """An event of a limit key."""
        body = event.body
        name = event.base.rpartition(".")[2]
        key = self._keys.setdefault(name, _Key())
        match body:
            case LimitAcquire():
                key.kind, key.max, key.per = body.kind, body.max, body.per or 0.0
                key.since = key.since or event.at
                self._tell(key, event.sequence, True, (body.holder, body.task, body.attempt))
            case LimitRelease():
                holder = body.holder, body.task, body.attempt
                key.holding.discard(holder)
                self._tell(key, event.sequence, False, holder)
            case LimitSnapshot() if body.kind != "rate":
                return self._compare(name, key, body)
            case _:
                pass
        return None

    def granted(self, base: str, grant: LimitGranted, at: float) -> str | None:
        """A run, or a task of it, that goes on is told that it has a slot."""
        key, holder = self._keys.get(grant.key), (base, grant.task, grant.attempt)
        if key is None:
            return f"{base} is given a slot of {grant.key}, which nobody has asked for one"
        key.holding.add(holder)
        if key.kind != "rate":
            if len(key.holding) > key.max:
                holders = sorted(map(str, key.holding))
                return f"{len(holders)} hold slots of {grant.key}, which has {key.max}: {holders}"
            return None
        key.granted.add(holder)
        soonest = key.since + (len(key.granted) - 1) // key.max * key.per
        return f"{base} is let in {soonest - at:.3f} s early by {grant.key}" if at < soonest - 0.01 else None

    def refused(self, base: str, refusal: LimitRefused) -> None:
        """A run is told that it gets no slot: it need not give back any."""
        if key := self._keys.get(refusal.key):
            key.asking.pop((base, None, 0), None)

    def settled(self, base: str, task: str, attempt: int) -> None:
        """An attempt has an outcome."""
        for key in self._keys.values():
            key.holding.discard((base, task, attempt))

    def ended(self, base: str) -> None:
        """A run has ended."""
        for key in self._keys.values():
            key.holding = {holder for holder in key.holding if holder[0] != base}

    def left(self) -> list[str]:
        """Slots, and places in queues, that nobody has given back."""
        return [
            f"{holder} has not given {name} back"
            for name, key in self._keys.items()
            if key.kind != "rate"
            for holder in key.asking
        ]

    @staticmethod
    def _tell(key: _Key, sequence: int, asks: bool, holder: Holder) -> None:
        key.told.append((sequence, asks, holder))
        if asks:
            key.asking[holder] = None
        else:
            key.asking.pop(holder, None)

    @staticmethod
    def _compare(name: str, key: _Key, snapshot: LimitSnapshot) -> str | None:
        """Whether a snapshot has all who ask."""
        asking: set[Holder] = set()
        for sequence, asks, holder in key.told:
            if sequence <= snapshot.upto:
                (asking.add if asks else asking.discard)(holder)
        found = {(one.holder, one.task, one.attempt) for one in (*snapshot.holding, *snapshot.waiting)}
        # Those who were refused have asked, too.
        if found <= asking and (found == asking or snapshot.on_limit == "reject"):
            return None
        return f"the snapshot of {name} has {sorted(map(str, found))} where {sorted(map(str, asking))} ask"
