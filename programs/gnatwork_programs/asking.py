"""The steps that a program asks for, as the scheduler takes them."""

import re
from typing import Any, NamedTuple

import orjson
from jsonschema_rs import ValidationError

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.program_steps import step_digest, step_name
from gnatwork_engine.compiler.code import PROGRAMS
from gnatwork_engine.compiler.configs import CONNECTION_AT, KEEPING, SCRIPTED
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.compiler.findings import Unknowns
from gnatwork_engine.compiler.inputs import check_schema
from gnatwork_engine.compiler.schemas import check
from gnatwork_engine.json_tree import Path, to_pointer
from gnatwork_programs.answer import Asked
from gnatwork_programs.marks import Marks
from gnatwork_programs.options import RunOptions, StepOptions, read_options
from gnatwork_programs.ports import INLINE, Carrier, Types
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.duration import parse_duration
from gnatwork_schemas.implicit import IMPLICIT_TYPES, NewStep
from gnatwork_schemas.names import NAME_PATTERN
from gnatwork_schemas.steering import DELAY, STEERING, WAIT, WORKFLOW, DelayConfig, WaitConfig

_INVALID = "block.config_invalid"
#: How to get what is a block in a definition.
_WAYS = {DELAY: "; call `sleep`", WAIT: "; call `waitSignal` (in Python `wait_signal`)", WORKFLOW: "; call `run`"}


class _Place(NamedTuple):
    """A step among those of its block."""

    number: int
    #: What it is called in messages.
    what: str


class Steps:
    """Makes steps of what a program asks for."""

    def __init__(self, types: Types, marks: Marks, carrier: Carrier) -> None:
        self._types = types
        self._marks = marks
        self._carrier = carrier

    async def step(self, asked: Asked, number: int) -> NewStep:
        """A step, checked.

        Raises:
            BlockError: `block.unknown_type`, `block.config_invalid`, `script.invalid`, `template.invalid`,
                `script.too_large`; the message says which step it is.
            PayloadTooLargeError: A part of its config is larger than the engine carries.
        """
        step = kind, type_, config, options = asked.step
        name = self._marks.plain(step_name(kind, str(type_), config, options))
        where = "" if asked.line is None else f", line {asked.line}"
        what = f"Step {number} (`{name}`{where})"
        block, deferred = await self._block(step, _Place(number, what))
        digest = step_digest(asked.text, self._marks.mark)
        return NewStep(digest=digest, name=name, block=block, deferred=deferred)

    async def _block(self, step: tuple[str, Any, Any, Any], place: _Place) -> tuple[ControlledBlock, tuple[str, ...]]:
        kind, type_, config, options = step
        if kind == "task":
            return await self._task(type_, config, options or {}, place)
        if kind == WORKFLOW:
            return await self._child(config, options or {}, place)
        # What these are is for the scheduler to read.
        config, marked = self._marks.deferred(config, place.what)
        if marked:
            raise BlockError("template.invalid", f"{place.what}: a connection can't be mentioned here")
        if kind == DELAY:
            return ControlledBlock(
                id=str(place.number), type=DELAY, kind="delay", config=_delay(config, place.what)
            ), ()
        return ControlledBlock(id=str(place.number), type=WAIT, kind="wait", config=_wait(config, place.what)), ()

    async def _task(
        self, type_: Any, config: Any, options: Any, place: _Place
    ) -> tuple[ControlledBlock, tuple[str, ...]]:
        what = place.what
        entry = await self._entry(self._marks.plain(type_) if isinstance(type_, str) else type_, what)
        given = read_options(StepOptions, options, f"{what}, its options")
        config, marked = self._marks.deferred(config, what)
        _check_connections(entry, marked, what)
        _check(entry, config, marked, what)
        carried, deferred = await self._carrier.config(config, marked, place.number, what)
        return ControlledBlock(
            id=str(place.number),
            type=entry.type,
            config=carried,
            retry=given.retry,
            timeout=given.timeout,
            idempotent=given.idempotent,
            lane=given.priority,
            type_concurrency=entry.concurrency,
            plain=entry.plain,
        ), deferred

    async def _child(self, config: Any, options: Any, place: _Place) -> tuple[ControlledBlock, tuple[str, ...]]:
        what = place.what
        given = read_options(RunOptions, options, f"{what}, its options")
        name = config.get("name") if isinstance(config, dict) else None
        if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
            raise BlockError(_INVALID, f"{what}: `{name}` can't be the name of a workflow")
        input_, marked = self._marks.deferred(config.get("input"), what)
        if marked:
            raise BlockError("template.invalid", f"{what}: a connection can't be mentioned in the input of a run")
        carried, deferred = await self._carrier.config(input_, (), place.number, what)
        whole: dict[str, Any] = {"name": name, "input": carried, "wait": given.wait}
        if given.version is not None:
            whole["version"] = given.version
        return ControlledBlock(
            id=str(place.number),
            type=WORKFLOW,
            kind="workflow",
            config=whole,
            retry=given.retry,
            patience=given.timeout,
        ), tuple(f"/input{pointer}" for pointer in deferred)

    async def _entry(self, type_: Any, what: str) -> BlockType:
        if not isinstance(type_, str):
            raise BlockError("block.unknown_type", f"{what}: the type of a step is a text")
        if type_ in STEERING or type_ in IMPLICIT_TYPES:
            raise BlockError("block.unknown_type", f"{what}: `{type_}` is no step{_WAYS.get(type_, '')}")
        if (entry := await self._types.get(type_)) is None:
            raise BlockError("block.unknown_type", f"{what}: no executor has announced the block type `{type_}`")
        if entry.responds:
            message = f"{what}: a program can't answer the call that started the run; put a `{type_}` block behind it"
            raise BlockError("script.invalid", message)
        return entry


def _check_connections(entry: BlockType, marked: tuple[Path, ...], what: str) -> None:
    """Whether a type may have connections where its config mentions them: the same as in a definition."""
    at = CONNECTION_AT.get(entry.type)
    if entry.type in {*SCRIPTED, *PROGRAMS, *KEEPING} or entry.plain:
        if all(path == at for path in marked):
            return
        alone = f" but as its `{'.'.join(map(str, at))}`" if at else ""
        raise BlockError("template.invalid", f"{what}: a connection can't be mentioned in a `{entry.type}`{alone}")


def _check(entry: BlockType, config: Any, deferred: tuple[Path, ...], what: str) -> None:
    """Whether a config meets the type's schema, as far as it is known."""
    unknowns = Unknowns(deferred)
    try:
        findings = check(entry.config_schema, config, unknowns)
    except ValidationError as error:
        message = f"{what}: the config schema that executors announce is itself wrong: {error.message}"
        raise BlockError(_INVALID, message) from None
    if findings:
        shown = "; ".join(f"{to_pointer(('config', *path))}: {message}" for path, message in findings[:3])
        raise BlockError(_INVALID, f"{what}: {shown}")


def _delay(config: Any, what: str) -> dict[str, Any]:
    found = read_options(DelayConfig, config, what)
    try:
        return {"for": parse_duration(found.for_)}
    except ValueError as error:
        raise BlockError(_INVALID, f"{what}: {error}") from None


def _wait(config: Any, what: str) -> dict[str, Any]:
    found = read_options(WaitConfig, config, what)
    if found.signal is None or not re.fullmatch(NAME_PATTERN, found.signal):
        raise BlockError(_INVALID, f"{what}: `{found.signal}` can't be the name of a signal")
    faults = Faults()
    check_schema(found.schema_, ("schema",), faults)
    if faults:
        raise BlockError(_INVALID, f"{what}: {faults.error().faults[0].message}")
    whole = found.model_dump(mode="json", by_alias=True, exclude_none=True)
    if len(orjson.dumps(whole)) > INLINE:
        raise BlockError(_INVALID, f"{what}: its `schema` has more than {INLINE:,} bytes")
    return whole
