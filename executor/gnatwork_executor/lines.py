"""How many log lines of an attempt get through. Pure: the time is given."""

from dataclasses import dataclass

#: Lines that an attempt may log in a second.
MOST_LINES = 100
#: Seconds.
WINDOW = 1.0


@dataclass(slots=True)
class LineLimit:
    """Lets the first lines of each second through and counts the others."""

    #: Lines that were left out since `take` was asked last.
    left_out: int = 0
    _begun: float = float("-inf")
    _passed: int = 0

    def admits(self, now: float) -> bool:
        """Whether a line gets through; `now` is in seconds and does not go back."""
        if now - self._begun >= WINDOW:
            self._begun, self._passed = now, 0
        if self._passed < MOST_LINES:
            self._passed += 1
            return True
        self.left_out += 1
        return False

    def take(self) -> str:
        """What to say about the lines that were left out; empty when there are none."""
        left_out, self.left_out = self.left_out, 0
        return f"{left_out} more lines were left out: an attempt may log {MOST_LINES} a second." if left_out else ""
