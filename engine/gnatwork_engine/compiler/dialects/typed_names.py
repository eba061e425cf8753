"""What the names of typed steps stand for, and in what form their outputs are read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gnatwork_engine.compiler.dialects import scripts
from gnatwork_engine.compiler.dialects.texts import UnknownNameError
from gnatwork_engine.compiler.faults import listed, shown, suggestion
from gnatwork_engine.expressions.words import GLOBALS, RESERVED
from gnatwork_engine.json_tree import Path

#: The parts of an answer to a request, as they are called here and natively.
_ANSWER = {"data": "body", "status": "status", "headers": "headers", "ok": "ok", "url": "url"}
#: What other places where JavaScript runs have; nobody means a part of the input by it.
_ELSEWHERE = frozenset(
    {
        *("Buffer", "axios", "clearInterval", "clearTimeout", "console", "crypto", "document", "eval", "exports"),
        *("fetch", "global", "globalThis", "module", "moment", "process", "require", "setInterval", "setTimeout"),
        *("structuredClone", "window"),
    }
)


@dataclass(frozen=True, slots=True)
class Shape:
    """In what form the output of a step is read."""

    #: The answer to a request: its `data` is natively the `body`.
    answer: bool = False
    #: Of a loop, the shapes of the steps that a round ends with, by id: a round yields theirs.
    inside: Mapping[str, "Shape"] | None = None

    @property
    def differs(self) -> bool:
        """Whether the native output is not what one reads."""
        return self.answer or any(shape.differs for shape in (self.inside or {}).values())

    def path(self, rest: Path, source: str) -> Path:
        """The native path of what is read of an output. Raises UnknownNameError."""
        if self.answer:
            if rest and rest[0] in _ANSWER:
                return (_ANSWER[str(rest[0])], *rest[1:])
            near = suggestion(str(rest[0]), _ANSWER) if rest else ""
            raise UnknownNameError(f"{shown(source)} is the answer to a request: name {listed(_ANSWER)} of it{near}")
        if self.inside is not None and len(rest) > 1 and isinstance(rest[0], int):
            id_ = str(rest[1])
            if id_ not in self.inside:
                what = f"a round of {shown(source)} yields the outputs of the steps that it ends with"
                raise UnknownNameError(f"{what}, {listed(self.inside)}; {shown(id_)} is none of them")
            return (*rest[:2], *self.inside[id_].path(rest[2:], f"{source}[{rest[0]}].{id_}"))
        if not self.differs or rest == ("length",):
            return rest
        example = next(id_ for id_, shape in (self.inside or {}).items() if shape.differs)
        message = f"{shown(source)} holds answers to requests: name one step of one round, `{source}[0].{example}.data`"
        raise UnknownNameError(f"{message}, or take what is needed of them in a `transform`")

    def script(self, value: str) -> str:
        """The output as it is read, in JavaScript."""
        if self.answer:
            return f"(o => o && {{...o, data: o.body}})({value})"
        if not self.differs:
            return value
        parts = {
            id_: shape.script(f"o[{json.dumps(id_)}]") for id_, shape in (self.inside or {}).items() if shape.differs
        }
        return f"(all => all && all.map(o => o && ({{...o, ...{scripts.record(parts)}}})))({value})"


_PLAIN = Shape()


@dataclass(frozen=True, slots=True)
class TypedNames:
    """What can be mentioned at one place."""

    #: The shapes of all steps, by id.
    shapes: Mapping[str, Shape]
    #: The ids of the steps that come earlier.
    earlier: Sequence[str] = ()
    #: What the items of the loops around are called.
    items: frozenset[str] = frozenset()
    #: Whether there is an error.
    error: bool = False
    #: Whether steps and parts of the input can be named alone, or only as `context.<id>` and `input.<name>`.
    bare: bool = True
    holders: tuple[str, ...] = field(default=("context",), init=False)

    def in_body(self) -> "TypedNames":
        """The same place for the body of a function."""
        return replace(self, bare=False)

    def path(self, path: Path) -> Path:
        """The native path of a template's path."""
        root, *rest = path
        name = str(root)
        if self._is_same(name) or name == "connections":
            return path
        if name == "context":
            if not rest:
                raise UnknownNameError("`context` is followed by the id of a step, `context.<id>`")
            name, rest = str(rest[0]), rest[1:]
            if self._is_same(name):
                return (name, *rest)
        elif name not in self.shapes:
            # A part of the input, such as `user.profile.email`.
            return ("input", *path)
        return ("blocks", name, *self.shapes.get(name, _PLAIN).path(tuple(rest), name))

    def value(self, name: str, members: Sequence[str | None]) -> str | None:
        """What a name in JavaScript stands for."""
        if self._is_same(name):
            return None
        if name == "context":
            every = (*self.earlier, *sorted(self.items))
            return scripts.record({id_: self._member(id_) for id_ in scripts.known(members, every)})
        if self.bare and name in self.shapes:
            return self._member(name)
        if name in GLOBALS or name in RESERVED or name in _ELSEWHERE:
            return None
        if self.bare:
            return f"input?.{name}"
        instead = f"context.{name}" if name in self.shapes else f"input.{name}"
        raise UnknownNameError(f"{shown(name)} is unknown: write {shown(instead)}")

    def _is_same(self, name: str) -> bool:
        """Whether a name means the same natively."""
        return (
            name == "input"
            or name in self.items
            or (name == "index" and bool(self.items))
            or (name == "error" and self.error)
        )

    def _member(self, id_: str) -> str:
        return id_ if id_ in self.items else self.shapes.get(id_, _PLAIN).script(scripts.block(id_))
