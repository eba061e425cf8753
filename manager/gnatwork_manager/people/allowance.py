"""How often something may be tried: so many times at once, then once in a while. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """A leaky bucket, kept as the one moment at which it will be empty (GCRA, ITU-T I.371)."""

    #: Tries at once.
    burst: int
    #: Seconds after which one more is allowed.
    every: float

    @property
    def memory(self) -> float:
        """Seconds after the last try when nothing of it matters any more."""
        return self.burst * self.every

    def take(self, empty_at: float, now: float) -> float | None:
        """The moment after one more try; None when that is too many."""
        after = max(empty_at, now) + self.every
        return None if after - now > self.memory else after

    def give_back(self, empty_at: float) -> float:
        """The moment as if the last try had not been."""
        return empty_at - self.every

    def wait(self, empty_at: float, now: float) -> float:
        """Seconds until one more try is allowed."""
        return max(0.0, empty_at + self.every - self.memory - now)
