"""What a run's history means, told a second time and as plainly as possible, to check the engine against."""

from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.messages import Error, Message, Output, TimerFired

#: How a block is settled: the port that it took, or that it was skipped.
OUT, ERROR, SKIPPED = "out", "error", "skipped"


class Reference:
    """The outcomes and timers of a run so far."""

    def __init__(self, control_block: ControlBlock) -> None:
        self._blocks = {block.id: block for block in control_block.blocks}
        self._caught = {need.block for block in control_block.blocks for need in block.needs if need.port == ERROR}
        self._outcomes: dict[str, list[tuple[int, Output | Error]]] = {}
        #: When the timers fired, by name.
        self._fired: dict[str, int] = {}
        #: The event that doomed the run, and what was known before it.
        self._doom: int | None = None
        self._before_doom: dict[str, bool | None] = {}
        self._settled: dict[str, str | None] = {}

    def tell(self, sequence: int, body: Message) -> None:
        """The next event."""
        before = {name: self.verdict(name) for name in self._blocks} if isinstance(body, Error) else {}
        if isinstance(body, Output | Error):
            self._outcomes.setdefault(body.task, []).append((sequence, body))
        elif isinstance(body, TimerFired):
            self._fired.setdefault(body.timer, sequence)
        self._settled.clear()
        if (
            isinstance(body, Error)
            and self._doom is None
            and body.task not in self._caught
            and before[body.task]
            and self._attempt(body.task)[1] == ERROR
        ):
            self._doom, self._before_doom = sequence, before
            self._settled.clear()

    def may_run(self, name: str, attempt: int) -> bool:
        """Whether an attempt may have been dispatched by now."""
        return self._is_begun(name) and attempt <= self._attempt(name)[0]

    def verdict(self, name: str) -> bool | None:
        """Whether a block may run (True), never will (False), or has to wait (None), by its needs alone."""
        block = self._blocks[name]
        if not block.needs:
            return True
        settled = [self._settle(need.block) for need in block.needs]
        taken = any(how == need.port for how, need in zip(settled, block.needs, strict=True))
        if block.join == "any" and taken:
            return True
        if None in settled:
            return None
        if block.join == "always":
            return True
        refused = any(how not in {SKIPPED, need.port} for how, need in zip(settled, block.needs, strict=True))
        return taken and not refused

    def _settle(self, name: str) -> str | None:
        if name not in self._settled:
            if self._is_begun(name):
                self._settled[name] = self._attempt(name)[1]
            else:
                # A doomed run begins nothing new.
                never = self.verdict(name) is not None if self._doom else self.verdict(name) is False
                self._settled[name] = SKIPPED if never else None
        return self._settled[name]

    def _is_begun(self, name: str) -> bool:
        if self._doom and self._blocks[name].join != "always" and not self._before_doom[name]:
            return False
        return self.verdict(name) is True

    def _attempt(self, name: str) -> tuple[int, str | None]:
        """The attempt that a task has come to, and how it is settled, if it is."""
        block, attempt, doom = self._blocks[name], 1, self._doom
        for sequence, outcome in self._outcomes.get(name, ()):
            if outcome.attempt != attempt:
                continue
            if isinstance(outcome, Output):
                return attempt, OUT
            final = ERROR if block.on_error == "fail" else OUT
            if not _is_retried(block, outcome) or (doom and sequence >= doom):
                return attempt, final
            due = self._fired.get(f"retry-{name}-{attempt + 1}")
            if doom and (due is None or due > doom):
                return attempt, ERROR
            if due is None:
                return attempt, None
            attempt += 1
        return attempt, None


def _is_retried(block: ControlledBlock, outcome: Error) -> bool:
    return outcome.error.retryable and outcome.attempt < block.retry.max_attempts
