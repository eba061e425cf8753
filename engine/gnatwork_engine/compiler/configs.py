"""Configs of blocks whose work executors do: types and schemas of the catalogue, templates, expressions."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from jsonschema_rs import ValidationError
from pydantic import JsonValue

from gnatwork_engine.compiler.code import CODE, PROGRAMS, check_code
from gnatwork_engine.compiler.context import Context
from gnatwork_engine.compiler.faults import Faults, shown, suggestion
from gnatwork_engine.compiler.findings import Unknowns
from gnatwork_engine.compiler.frames import NO_CONNECTIONS, Frame, Unseen
from gnatwork_engine.compiler.literal import check_literal
from gnatwork_engine.compiler.references import read_references
from gnatwork_engine.compiler.routes import CONDITION, FILTER, SWITCH, check_cases
from gnatwork_engine.compiler.schemas import check
from gnatwork_engine.compiler.values import VALUES_KEY, read_values
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.implicit import IMPLICIT_TYPES
from gnatwork_schemas.steering import STEERING
from gnatwork_schemas.template import TemplateLeaf

TRANSFORM = "transform"
#: The types whose configs hold expressions.
EXPRESSIVE = frozenset({CONDITION, FILTER, SWITCH, TRANSFORM})

#: The types whose configs a script computes with.
SCRIPTED = EXPRESSIVE | {"template"}
#: The types that keep their configs for other runs, in the open.
KEEPING = frozenset({"file", "kv-put"})

#: Where alone the config of a type mentions a connection.
CONNECTION_AT: Mapping[str, Path] = {CODE: ("http", "connection")}

_INVALID = "block.config_invalid"


class Config(NamedTuple):
    """A config as a control block has it."""

    config: JsonValue
    templates: tuple[TemplateLeaf, ...] = ()


def read_config(type_: str, config: Any, path: Path, frame: Frame, context: Context, *, given: bool = True) -> Config:
    """The config of a block of this type; mistakes become faults.

    Args:
        type_: The block's type, which has to be in the catalogue.
        config: What was sent, any JSON.
        path: Where the block stands in what was sent.
        frame: What can be seen from there.
        context: The catalogue, and where faults go.
        given: Whether the block has a `config` at all.
    """
    entry = entry_of(type_, (*path, "type"), context)
    expressions = dict(expressions_of(type_, config)) if entry else {}
    at: Path = (*path, "config")
    connections = _no_connections(type_, entry)
    leaves = read_references(
        config,
        at,
        frame,
        context.faults,
        {*expressions, PROGRAMS[type_]} if type_ in PROGRAMS else expressions,
        connections=connections,
        but_at=CONNECTION_AT.get(type_),
    )
    if entry is None:
        return Config(config, leaves)
    check_code(type_, config, at, context.faults)
    check_literal(entry, leaves, at, context.faults)
    if type_ in EXPRESSIVE and not _is_plain(config, at, context.faults):
        return Config(config, leaves)
    if type_ in EXPRESSIVE and isinstance(config, dict):
        local = frozenset({"set"} if type_ == TRANSFORM and config.get("set") is not None else ())
        found = {(*at, *inner): text for inner, text in expressions.items()}
        values = read_values(found, frame, context.faults, local)
        if values.config:
            config = {**config, VALUES_KEY: values.config}
            leaves += tuple(values.leaves)
    if _check(entry, config, leaves, path, context.faults, given=given) and type_ == SWITCH:
        check_cases(config, at, context.faults)
    return Config(config, leaves)


def expression_config(text: str, at: Path, frame: Frame, context: Context) -> Config:
    """The config of a `condition` that the compiler makes of the expression at `at`."""
    values = read_values({at: text}, frame, context.faults)
    config: dict[str, Any] = {"if": text}
    if values.config:
        config[VALUES_KEY] = values.config
    return Config(config, tuple(values.leaves))


def entry_of(type_: str, at: Path, context: Context) -> BlockType | None:
    """The catalogue entry of a type; None with a fault when there is none."""
    if entry := context.catalogue.get(type_):
        return entry
    if type_ in IMPLICIT_TYPES:
        message = f"{shown(type_)} is a step that the engine adds by itself; it can't be used in a definition"
    elif type_ in EXPRESSIVE:
        message = f"no executor has announced the block type {shown(type_)}; start one with the `logic` blocks"
    else:
        near = suggestion(type_, [*context.catalogue, *STEERING])
        message = f"no executor has announced the block type {shown(type_)}{near}"
    context.faults.add(at, "block.unknown_type", message)
    return None


def _no_connections(type_: str, entry: BlockType | None) -> Unseen | None:
    """Why the config of a block can't mention a connection, if it can't."""
    if type_ in PROGRAMS:
        alone = ", so it takes one as its `http.connection` alone" if type_ in CONNECTION_AT else ""
        what = f"{shown(type_)} runs what someone has written{alone}"
    elif type_ in SCRIPTED:
        what = f"{shown(type_)} computes with its config, and what it yields decides the way of the run and is stored"
    elif type_ in KEEPING:
        what = f"{shown(type_)} keeps what it is given, where other runs read it"
    elif entry and entry.responds:
        what = f"{shown(type_)} sends its config to the one who started the run"
    elif entry and entry.plain:
        what = (
            f"executors of {shown(type_)} are plain: a config is completed for them and stored; have them ask for the"
            " connection by themselves, or host the type by executors that resolve connections"
        )
    else:
        return None
    return Unseen(NO_CONNECTIONS.code, f"a connection can't be mentioned here: {what}")


def expressions_of(type_: str, config: Any) -> Iterator[tuple[Path, str]]:
    """The expressions of a config, by place."""
    places: Collection[Path] = ()
    if isinstance(config, dict):
        match type_:
            case "condition" | "filter":
                places = [("if",)]
            case "switch" if config.get("on") is not None:
                places = [("on",)]
            case "switch":
                places = [("cases", name) for name in _mapping(config.get("cases"))]
            case "transform":
                places = [("expression",)]
            case _:
                pass
        for place in places:
            value = _mapping(config["cases"])[place[1]] if len(place) > 1 else config.get(str(place[0]))
            if isinstance(value, str):
                yield place, value


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}


def _is_plain(config: Any, at: Path, faults: Faults) -> bool:
    """Whether expressions can be found in a config, and the place for their values is free."""
    if isinstance(config, str):
        faults.add(at, _INVALID, "must be an object, written out: its expressions are read before the run")
        return False
    if isinstance(config, dict) and VALUES_KEY in config:
        message = f"{shown(VALUES_KEY)} is filled in from what the expressions mention; leave it out"
        faults.add((*at, VALUES_KEY), _INVALID, message)
        return False
    return True


def _check(
    entry: BlockType, config: Any, leaves: Collection[TemplateLeaf], path: Path, faults: Faults, *, given: bool
) -> bool:
    """Whether the config meets the type's schema, as far as it is known.

    A text with templates stands for any value, so only what is wrong in any case is a fault.
    """
    unknowns = Unknowns(leaf.at for leaf in leaves)
    try:
        findings = check(entry.config_schema, config, unknowns)
    except ValidationError as error:
        message = f"the config schema that executors announce for {shown(entry.type)} is itself wrong: {error.message}"
        faults.add((*path, "type"), _INVALID, message)
        return False
    # What the compiler itself has put there can't be mended by who wrote the definition.
    findings = [finding for finding in findings if not (entry.type in EXPRESSIVE and finding.path[:1] == (VALUES_KEY,))]
    for finding in findings:
        where = (*path, "config", *finding.path) if given else path
        message = finding.message if given else f"there is no `config`, and in it {finding.message}"
        faults.add(where, _INVALID, message)
    return not findings
