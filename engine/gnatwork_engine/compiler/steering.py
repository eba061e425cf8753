"""Configs of the blocks that the scheduler itself steers: loops, groups, delays, waits, child runs."""

import re
from datetime import datetime
from typing import Any, Literal, NamedTuple

from gnatwork_engine.compiler.configs import Config
from gnatwork_engine.compiler.context import Context
from gnatwork_engine.compiler.faults import Faults, shown
from gnatwork_engine.compiler.fields import read_fields
from gnatwork_engine.compiler.frames import Frame
from gnatwork_engine.compiler.inputs import check_schema
from gnatwork_engine.compiler.references import read_references
from gnatwork_engine.compiler.shape import DraftBlock, DraftBody
from gnatwork_engine.expressions.words import RESERVED
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.definition import ForEach
from gnatwork_schemas.duration import parse_duration
from gnatwork_schemas.names import NAME_PATTERN, RESERVED_ROOTS
from gnatwork_schemas.steering import DelayConfig, GroupConfig, LoopConfig, WaitConfig, WorkflowConfig

_INVALID = "block.config_invalid"
_NAME = re.compile(NAME_PATTERN)
#: RFC 3339, section 5.6.
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
Way = Literal["items", "while", "until"]
_WAYS: tuple[Way, ...] = ("items", "while", "until")


class Round(NamedTuple):
    """How a loop goes round."""

    over: Way
    model: LoopConfig
    #: The expression of `while` or `until`.
    condition: str | None


def read_loop(block: DraftBlock, context: Context) -> Round | None:
    """How a loop goes round; None when that is not right."""
    at = _config_path(block)
    raw = block.definition.config
    model = read_fields(LoopConfig, raw, at, context.faults, _INVALID)
    if model is None or not isinstance(raw, dict):
        return None
    ways = [way for way in _WAYS if raw.get(way) is not None or (way == "items" and way in raw)]
    if len(ways) != 1:
        found = f"there are {' and '.join(map(shown, ways))}" if ways else "there is none of the three"
        context.faults.add(at, _INVALID, f"a loop has `items`, or `while`, or `until`, and just one of them; {found}")
        return None
    over = ways[0]
    if over == "items":
        _check_name(model.as_, block.body, (*at, "as") if "as" in raw else at, context.faults)
        return Round(over, model, None)
    for name, wrong in (("as", "as" in raw), ("concurrency", "concurrency" in raw and model.concurrency > 1)):
        if wrong:
            what = "has no item" if name == "as" else "makes one iteration at a time"
            message = f"{shown(name)} has no effect: a loop with {shown(over)} {what}"
            context.faults.add((*at, name), "definition.no_effect", message)
    return Round(over, model, model.while_ if over == "while" else model.until)


def read_items(value: Any, at: Path, limit: int, frame: Frame, faults: Faults) -> Config:
    """The config of a loop over `items`, which stand at `at` and are at most so many."""
    config = {"items": value}
    leaves = read_references(config, at[:-1], frame, faults)
    if isinstance(value, list):
        if len(value) > limit:
            faults.add(at, _INVALID, f"has {len(value):,} items, more than the loop may have, {limit:,}")
    elif not isinstance(value, str) or "{{" not in value:
        faults.add(at, _INVALID, "must be an array, or a template that yields one")
    elif any(isinstance(part, str) or len(leaf.parts) > 1 for leaf in leaves for part in leaf.parts):
        faults.add(at, _INVALID, "must be one template and nothing else: anything around it makes it a text")
    return Config(config, leaves)


def check_for_each(for_each: ForEach, block: DraftBlock, faults: Faults) -> None:
    """The name of the item must be free."""
    at: Path = (*block.path, "for_each")
    given = "as_" in for_each.model_fields_set
    _check_name(for_each.as_, DraftBody(known={block.id: None}), (*at, "as") if given else at, faults)


def read_group(block: DraftBlock, context: Context) -> Config:
    """The config of a group, which holds nothing."""
    read_fields(GroupConfig, block.definition.config, _config_path(block), context.faults, _INVALID)
    return Config({})


def read_delay(block: DraftBlock, frame: Frame, context: Context) -> Config:
    """The config of a delay; times that are written out must be right."""
    at, raw = _config_path(block), block.definition.config
    model = read_fields(DelayConfig, raw, at, context.faults, _INVALID)
    if model is None or not isinstance(raw, dict):
        return Config({})
    if (model.for_ is None) == (model.until is None):
        context.faults.add(at, _INVALID, "a delay has `for`, a duration, or `until`, a time, and just one of them")
    if model.for_ is not None and not _is_template(model.for_):
        try:
            parse_duration(model.for_)
        except ValueError as error:
            context.faults.add((*at, "for"), _INVALID, str(error))
    if model.until is not None and not _is_template(model.until) and not _is_time(model.until):
        message = "must be a time with its zone such as `2026-05-01T09:00:00Z` (RFC 3339)"
        context.faults.add((*at, "until"), _INVALID, message)
    return _given(raw, at, frame, context)


def read_wait(block: DraftBlock, frame: Frame, context: Context) -> Config:
    """The config of a wait, with the name of its signal."""
    at, raw = _config_path(block), block.definition.config
    model = read_fields(WaitConfig, raw, at, context.faults, _INVALID)
    if model is None or not isinstance(raw, dict):
        return Config({})
    signal = block.id if model.signal is None else model.signal
    if not _is_template(signal):
        where = at if model.signal is None else (*at, "signal")
        if not _NAME.fullmatch(signal):
            what = f"give a `signal`: the block's id, {shown(signal)}," if model.signal is None else shown(signal)
            message = f"{what} can't be the name of one: 1 to 63 lower-case letters, digits, `_` or `-`"
            context.faults.add(where, _INVALID, message)
        _check_same_schema(signal, model.schema_, where, context)
    check_schema(model.schema_, (*at, "schema"), context.faults)
    return _given({**raw, "signal": signal}, at, frame, context, plain=("schema",))


def read_workflow(block: DraftBlock, frame: Frame, context: Context) -> Config:
    """The config of a child run."""
    at, raw = _config_path(block), block.definition.config
    if "config" not in block.definition.model_fields_set:
        context.faults.add(at, _INVALID, "there is no `config`, and in it `name` is missing")
        return Config({})
    model = read_fields(WorkflowConfig, raw, at, context.faults, _INVALID)
    if model is None or not isinstance(raw, dict):
        return Config({})
    if not _is_template(model.name) and not _NAME.fullmatch(model.name):
        message = f"{shown(model.name)} can't be the name of a workflow: 1 to 63 lower-case letters, digits, `_` or `-`"
        context.faults.add((*at, "name"), _INVALID, message)
    if model.version is not None and not _is_template(model.version) and not _is_version(model.version):
        context.faults.add((*at, "version"), _INVALID, "must be a number from 1, or a template that yields one")
    return _given(raw, at, frame, context)


def _config_path(block: DraftBlock) -> Path:
    return (*block.path, "config") if "config" in block.definition.model_fields_set else block.path


def _given(raw: dict[str, Any], at: Path, frame: Frame, context: Context, plain: tuple[str, ...] = ()) -> Config:
    """A config without what is null, with its templates."""
    config = {key: value for key, value in raw.items() if value is not None}
    leaves = read_references(config, at, frame, context.faults, [(name,) for name in plain])
    return Config(config, leaves)


def _check_name(name: str, body: DraftBody | None, at: Path, faults: Faults) -> None:
    """What a loop calls its item must be a name that nothing else has."""
    if name != "item" and name in RESERVED_ROOTS:
        message = f"{shown(name)} is a root of templates"
    elif name in RESERVED:
        message = f"{shown(name)} is a word of JavaScript"
    elif body and name in body.known and name not in RESERVED_ROOTS:
        message = f"{shown(name)} is the id of a block in it"
    else:
        return
    faults.add(at, _INVALID, f"{message}; call the item something else")


def _check_same_schema(signal: str, schema: Any, at: Path, context: Context) -> None:
    """Waits for the same signal take the same data, for who sends it does not say to which."""
    known, place = context.signals.setdefault(signal, (schema, at))
    if known != schema:
        message = (
            f"the signal {shown(signal)} has another `schema` at {context.faults.pointer(place)}; give both the same"
        )
        context.faults.add(at, "definition.invalid", message)


def _is_template(value: object) -> bool:
    return isinstance(value, str) and "{{" in value


def _is_version(value: object) -> bool:
    return isinstance(value, int) and value >= 1


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True
