"""What can be seen from a place in a definition: names resolve innermost first."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gnatwork_engine.compiler.faults import shown, suggestion
from gnatwork_engine.compiler.shape import DraftBody
from gnatwork_engine.json_tree import Path

#: Roots that are the same everywhere.
_EVERYWHERE = ("input", "run", "trigger")
_NO_ERROR = 'there is an `error` only in a block that needs another by `error`, `"needs": ["id.error"]`'
_UNKNOWN = "template.unknown_root"
_NOT_UPSTREAM = "template.not_upstream"
#: Where roots exist that do not exist here.
_ELSEWHERE = {
    "item": "there is an `item` only inside a loop over `items`, or in a block with `for_each`",
    "index": "there is an `index` only inside a loop, or in a block with `for_each`",
    "previous": "there is a `previous` only inside a loop with `while` or `until`",
}


@dataclass(slots=True, eq=False)
class Frame:
    """A scope as it is seen from within one of its blocks."""

    body: DraftBody
    #: The block that is looked out from; None where there is none.
    owner: str | None = None
    #: Blocks of the scope that are mentioned from within the owner, with the first place that does: it waits for them.
    mentions: dict[str, Path] = field(default_factory=dict)
    #: Likewise, by what undoes a block: they must run earlier anyway.
    required: dict[str, Path] = field(default_factory=dict)
    #: What the item of the loop is called.
    item: str | None = None
    index: bool = False
    #: Whether the iteration before can be seen.
    previous: bool = False
    error: bool = False
    #: What to say where there is no error.
    no_error: str = _NO_ERROR
    #: Whether the owner may be mentioned: it has completed.
    undoing: bool = False
    #: What to say of the blocks of the scope where none of them has run yet; else empty.
    early: str = ""
    #: Whether the labels of the run can be seen.
    labels: bool = False
    outer: "Frame | None" = None

    def outwards(self) -> Iterator["Frame"]:
        """This scope and those around it."""
        frame: Frame | None = self
        while frame:
            yield frame
            frame = frame.outer

    def of(self, owner: str, *, error: bool) -> "Frame":
        """The scope as this block of it sees it, whose error may be known."""
        return Frame(
            self.body,
            owner,
            item=self.item,
            index=self.index,
            previous=self.previous,
            error=error,
            no_error=self.no_error,
            outer=self.outer,
        )

    @property
    def goes_round(self) -> bool:
        """Whether the place lies inside of a loop."""
        return any(frame.index for frame in self.outwards())

    def to_undo(self) -> "Frame":
        """The same place as seen by what undoes the block that stands there."""
        outer: Frame | None = None
        for frame in reversed(list(self.outwards())):
            outer = replace(frame, mentions=frame.required, undoing=frame is self, outer=outer)
        return outer or self


class Found(NamedTuple):
    """What a name stands for: the root of a path, and how many scopes outwards it is."""

    root: tuple[str, ...]
    up: int = 0


class Unseen(NamedTuple):
    """Why a name stands for nothing."""

    code: str
    message: str


#: Why connections can't be seen where none are to be: what is there is stored, or leaves the executor.
NO_CONNECTIONS = Unseen(
    "connection.misplaced",
    "a connection can be mentioned only in the `config` of a block that an executor runs, in one of its templates:"
    " everywhere else its value would become part of what is stored of the run",
)


def find(name: str, frame: Frame, at: Path) -> Found | Unseen:
    """What a name stands for, block or root, but for `blocks` and `previous`; a block is noted as mentioned."""
    if name in _EVERYWHERE:
        return Found((name,))
    for up, scope in enumerate(frame.outwards()):
        if name in scope.body.known:
            return _block(name, scope, up, at)
        if root := _roots(scope).get(name):
            return Found((root,), up)
    if name == "connections":
        return NO_CONNECTIONS
    return Unseen(_UNKNOWN, _unknown(name, frame))


def find_block(id_: str, frame: Frame, at: Path) -> Found | Unseen:
    """The block of this id, whatever else is called so; it is noted as mentioned."""
    for up, scope in enumerate(frame.outwards()):
        if id_ in scope.body.known:
            return _block(id_, scope, up, at)
    if hint := _inside(id_, frame):
        return Unseen(_UNKNOWN, hint)
    near = suggestion(id_, [name for scope in frame.outwards() for name in scope.body.known])
    return Unseen(_UNKNOWN, f"there is no block {shown(id_)}{near}")


def find_previous(id_: str | None, frame: Frame) -> tuple[dict[str, Found], Unseen | None]:
    """The outputs of the iteration before, of one block or, without an id, of all, by id."""
    for up, scope in enumerate(frame.outwards()):
        if not scope.previous:
            continue
        if id_ is not None and id_ not in scope.body.known:
            near = suggestion(id_, scope.body.known)
            message = f"there is no block {shown(id_)} in the loop, so none in `previous`{near}"
            return {}, Unseen(_UNKNOWN, message)
        ids = scope.body.known if id_ is None else (id_,)
        return {one: Found(("previous", one), up) for one in ids}, None
    return {}, Unseen(_UNKNOWN, _ELSEWHERE["previous"])


def visible(frame: Frame) -> list[str]:
    """All names that stand for something."""
    names = dict.fromkeys((*_EVERYWHERE, "blocks"))
    for scope in frame.outwards():
        names.update(dict.fromkeys((*scope.body.known, *_roots(scope))))
        if scope.previous:
            names["previous"] = None
    return list(names)


def _roots(scope: Frame) -> dict[str, str]:
    """The roots that a scope brings, by what they are called in it."""
    roots = {name: name for name in ("index", "error", "labels") if getattr(scope, name)}
    return {scope.item: "item", **roots} if scope.item else roots


def _block(id_: str, scope: Frame, up: int, at: Path) -> Found | Unseen:
    if id_ == scope.owner:
        if not (scope.undoing and up == 0):
            what = "mentions its own output" if up == 0 else "lies around this, so its output can't be known here"
            return Unseen(_NOT_UPSTREAM, f"{shown(id_)} {what}")
    elif scope.early:
        return Unseen(_NOT_UPSTREAM, f"{shown(id_)} {scope.early}")
    else:
        scope.mentions.setdefault(id_, at)
    return Found(("blocks", id_), up)


def _unknown(name: str, frame: Frame) -> str:
    if name == "error":
        return next(scope for scope in frame.outwards() if not scope.outer).no_error
    if name in _ELSEWHERE:
        called = next((scope.item for scope in frame.outwards() if scope.item), None)
        return f"the item is called {shown(called)} here" if name == "item" and called else _ELSEWHERE[name]
    return _inside(name, frame)


def _inside(name: str, frame: Frame) -> str:
    """What to say of a block that lies further in; nothing when there is none."""
    for scope in frame.outwards():
        if container := scope.body.within.get(name):
            return (
                f"{shown(name)} lies inside {shown(container)} and can't be seen from outside;"
                f" mention {shown(container)} itself"
            )
    return ""
