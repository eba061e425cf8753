"""What a script prints, kept within bounds."""

from gnatwork_blocks.calls import limits


class Console:
    """Takes texts as they are printed, and yields lines."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, str]] = []
        #: By level, the line that has begun.
        self._begun: dict[str, str] = {}
        self._left_out = 0

    def write(self, level: str, text: str) -> None:
        """Take a part of what is printed; a line ends with a line end."""
        if len(self._lines) >= limits.LINES and not self._begun:
            self._left_out += text.count("\n")
            return
        *whole, rest = text.split("\n")
        for line in whole:
            self.line(level, self._begun.pop(level, "") + line)
        if rest:
            # One character more, by which it is seen to have been cut.
            self._begun[level] = (self._begun.get(level, "") + rest)[: limits.LINE + 1]

    def line(self, level: str, text: str) -> None:
        """Take a whole line."""
        if len(self._lines) >= limits.LINES:
            self._left_out += 1
        else:
            self._lines.append((level, text if len(text) <= limits.LINE else text[: limits.LINE] + "…"))

    def leave_out(self, count: int) -> None:
        """Take note of lines that were left out before."""
        self._left_out += count

    def take(self) -> list[tuple[str, str]]:
        """All lines, the last one being about those that were left out."""
        for level, text in self._begun.items():
            self.line(level, text)
        self._begun.clear()
        if not self._left_out:
            return self._lines
        more = f"{self._left_out:,} more lines were left out: a call may print {limits.LINES}."
        return [*self._lines, ("warning", more)]
