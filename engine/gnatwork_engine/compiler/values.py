"""Expressions of a config: parsed, and the values that they ask for, as templates that executors find beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gnatwork_engine.compiler.faults import Faults, shown, suggestion
from gnatwork_engine.compiler.frames import Found, Frame, Unseen, find, find_block, find_previous, visible
from gnatwork_engine.expressions import ExpressionError, Mention, mentions_of
from gnatwork_engine.expressions.words import GLOBALS
from gnatwork_engine.json_tree import Path
from gnatwork_engine.template import format_path
from gnatwork_schemas.template import PathExpression, TemplateLeaf

#: The key of a config under which executors find what its expressions ask for.
VALUES_KEY = "values"

_UNKNOWN_ROOT = "template.unknown_root"
_UNKNOWN_NAME = "expression.unknown_name"


@dataclass(slots=True)
class Values:
    """What the expressions of one config ask for."""

    #: Templates as texts, by name; under `blocks` and `previous` by name within.
    config: dict[str, Any] = field(default_factory=dict)
    leaves: list[TemplateLeaf] = field(default_factory=list)

    def add(self, names: tuple[str, ...], found: Found) -> None:
        """A value that an expression knows by these names."""
        holder = self.config
        for name in names[:-1]:
            holder = holder.setdefault(name, {})
        if names[-1] in holder:
            return
        source = format_path(names)
        # What is not there is null, so that an expression can ask whether it is.
        holder[names[-1]] = f"{{{{ {source} ?? null }}}}"
        part = PathExpression(path=found.root, up=found.up, source=source, has_default=True)
        self.leaves.append(TemplateLeaf(at=(VALUES_KEY, *names), parts=(part,)))


def read_values(
    expressions: Mapping[Path, str], frame: Frame, faults: Faults, local: frozenset[str] = frozenset()
) -> Values:
    """What expressions ask for; mistakes become faults.

    Args:
        expressions: By the place where they stand in what was sent.
        frame: What can be seen from there; blocks that are mentioned are noted in it.
        faults: Takes the mistakes.
        local: Names that the executor brings.
    """
    values = Values()
    for at, text in expressions.items():
        try:
            mentions = mentions_of(text)
        except ExpressionError as error:
            faults.add(at, error.code, f"this is not a JavaScript expression: {error.detail}")
            continue
        found = [_resolve(mention, at, frame, values) for mention in mentions if mention.name not in local]
        for unseen in dict.fromkeys(found):
            if unseen is not None:
                code = _UNKNOWN_NAME if unseen.code == _UNKNOWN_ROOT else unseen.code
                faults.add(at, code, unseen.message)
    return values


def _resolve(mention: Mention, at: Path, frame: Frame, values: Values) -> Unseen | None:
    """Add what is mentioned to the values; what is wrong with it, if anything."""
    name, member = mention
    if name == "previous":
        outputs, unseen = find_previous(member, frame)
        for id_, output in outputs.items():
            values.add((name, id_), output)
        return unseen
    if name == "blocks" and member is None:
        return Unseen(_UNKNOWN_ROOT, '`blocks` is followed by the id of a block, written out: `blocks["id"]`')
    found = find_block(member, frame, at) if name == "blocks" and member else find(name, frame, at)
    if isinstance(found, Found):
        values.add((name, member) if member else (name,), found)
        return None
    if found != (_UNKNOWN_ROOT, ""):
        return found
    return None if name in GLOBALS else Unseen(_UNKNOWN_ROOT, _unknown(name, frame))


def _unknown(name: str, frame: Frame) -> str:
    names = visible(frame)
    # `my-id` is two names and a minus.
    for id_ in names:
        if "-" in id_ and name in id_.split("-"):
            written = shown(f'blocks["{id_}"]')
            return f"the block {shown(id_)} is {written} in JavaScript"
    return f"{shown(name)} is neither a block, a root nor a part of JavaScript{suggestion(name, names)}"
