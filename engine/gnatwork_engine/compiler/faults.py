"""The mistakes found so far."""

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches

from gnatwork_engine.json_tree import Path, to_pointer
from gnatwork_schemas.errors import DefinitionError
from gnatwork_schemas.problem import Fault

#: More mistakes than these are not listed.
MAX_FAULTS = 100
#: Names longer than this are cut in messages.
_SHOWN = 80
#: Above this many candidates none is suggested: comparing them takes longer than reading them.
_MAX_CANDIDATES = 500


class Faults:
    """Collects mistakes, so that one answer names them all."""

    def __init__(self, origin: Callable[[Path], Path] = lambda path: path, before: "Faults | None" = None) -> None:
        """Begin to collect.

        Args:
            origin: For places of what is looked at, where they lie in what was sent.
            before: Has those that were found earlier.
        """
        self._origin = origin
        self._faults: list[Fault] = list(before._faults) if before else []
        self._unlisted: int = before._unlisted if before else 0

    def __bool__(self) -> bool:
        return bool(self._faults)

    @property
    def full(self) -> bool:
        """Whether further mistakes are only counted."""
        return len(self._faults) >= MAX_FAULTS

    def add(self, path: Path, code: str, message: str) -> None:
        """A mistake at `path`, with what to do about it."""
        fault = Fault(pointer=self.pointer(path), code=code, message=message)
        # Several parts of a definition may come from the same place of what was sent.
        if fault in self._faults:
            return
        if self.full:
            self._unlisted += 1
        else:
            self._faults.append(fault)

    def pointer(self, path: Path) -> str:
        """The JSON Pointer to the place in what was sent that `path` comes from."""
        return to_pointer(self._origin(path))

    def error(self) -> DefinitionError:
        """The exception that names them all."""
        if not self._unlisted:
            return DefinitionError(tuple(self._faults))
        more = f"{self._unlisted} more mistakes are not listed; mend these first"
        return DefinitionError((*self._faults, Fault(pointer="", code="definition.invalid", message=more)))

    def stop_if_any(self) -> None:
        """Raise DefinitionError when there are mistakes."""
        if self._faults:
            raise self.error()


def shown(name: object) -> str:
    """A name as a message shows it."""
    text = str(name)
    return f"`{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}`"


def listed(names: Iterable[object], limit: int = 12) -> str:
    """Names as a message lists them."""
    names = list(names)
    return ", ".join(shown(name) for name in names[:limit]) + (", …" if len(names) > limit else "")


def suggestion(name: str, candidates: Collection[str]) -> str:
    """`; did you mean ...?` when one of the candidates is close to `name`, else nothing."""
    if len(name) > _SHOWN or len(candidates) > _MAX_CANDIDATES:
        return ""
    folded = {candidate.casefold(): candidate for candidate in candidates}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean {shown(folded[close[0]])}?" if close else ""
