"""How a step that a program asks for is told from another, whatever language the program is written in.

Worker processes import this, so it needs nothing else.
"""

import hashlib
from typing import Any

#: Stands for the mark of a slice, which is another each time, where a step is digested.
_MARK = "$template"
#: What steps of the kind are called that do nothing but wait for a time; no block type has this name.
DELAY = "delay"


def step_digest(text: str, mark: str) -> str:
    """16 hex digits of a step, which is `[kind, type, config, options]` as JSON. Runs under way depend on them."""
    return hashlib.blake2b(text.replace(mark, _MARK).encode("utf-8", "replace"), digest_size=8).hexdigest()


def step_name(kind: str, type_: str, config: Any, options: Any = None) -> str:
    """What people call a step: `fetch`, `fetch prices`, `delay`, `wait approval`, `run invoice`."""
    match kind:
        case "delay":
            return DELAY
        case "wait":
            return f"wait {_short(config, 'signal')}"
        case "workflow":
            return f"run {_short(config, 'name')}"
    label = options.get("name") if isinstance(options, dict) else None
    return f"{type_} {label}"[:100] if label else type_[:100]


class NotTheSameError(Exception):
    """The program asks for something else than it did before."""

    code = "script.nondeterministic"

    def __init__(self, number: int, was: str, now: str | None) -> None:
        if now is None:
            how = "and now the program does not ask for it"
        elif now == was:
            how = "and now has another config or other options"
        else:
            how = f"and now is `{now}`"
        #: For people.
        self.message = (
            f"Step {number} was `{was}` when the program ran before, {how}. A program has to ask for the same steps"
            " each time that it runs: let it decide by its arguments, by what steps yield and by the clock and chance"
            " that it is given, and by nothing else."
        )
        self.details: dict[str, Any] = {"step": number, "was": was, "now": now}
        super().__init__(self.message)


def _short(config: Any, key: str) -> str:
    return str(config.get(key) if isinstance(config, dict) else config)[:64]
