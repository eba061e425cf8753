"""Signals: what a person or program says to a run, checked against the blocks that wait for it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gnatwork_bus.history import History
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.compiler.schemas import Schema, check
from gnatwork_engine.json_tree import to_pointer
from gnatwork_manager.claims import Claim, Claims, digest_of
from gnatwork_manager.definitions import Definitions
from gnatwork_manager.orders import value_parts
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_manager.run_control import RunControl
from gnatwork_manager.submission import check_fields
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.messages import Signal, Start
from gnatwork_schemas.names import NAME_PATTERN
from gnatwork_schemas.payload import reference_value
from gnatwork_schemas.problem import Fault
from gnatwork_schemas.template import TemplatePart

_NAME = re.compile(NAME_PATTERN)
#: What a template in the name of a signal may become.
_ANY = "[a-z0-9_-]*"
#: Faults that one answer lists.
_MOST_FAULTS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Signals:
    """Appends signals."""

    control: RunControl
    history: History
    payloads: Payloads
    definitions: Definitions
    claims: Claims

    async def send(self, namespace: str, run_id: str, name: str, data: Any, key: str | None) -> None:
        """Return once the signal is stored, or, with an idempotency key that came before, was stored already.

        Raises ProblemError `run.not_found`, `run.ended`, `signal.invalid`, `idempotency.conflict`.
        """
        start = await self.control.reader.start(namespace, run_id)
        compiled = await self.definitions.stored(Start.model_validate_json(start.data).control_block)
        encoded, apart = value_parts(data, "/data")
        # What programs wait for is in no definition.
        program = has_program(compiled.control_block)
        asking = await self.control.reader.waiters(namespace, run_id, name) if program else ()
        if faults := check_signal(compiled.control_block, name, data, asking):
            raise ProblemError("signal.invalid", faults[0].message, errors=faults)
        headers = None
        if key is not None:
            claim = Claim(run_id, digest_of(["signal", run_id, name, data]))
            headers = {header_names.MESSAGE_ID: f"{run_id}.{digest_of([namespace, key])}"}
            held = await self.claims.take(namespace, key, claim)
            if held.repeated and await self._is_stored(start.subject, name, headers[header_names.MESSAGE_ID]):
                return
        if apart:
            data = reference_value(await self.payloads.put(namespace, run_id, encoded, f"signal-{name}"))
        await self.control.append(start, subjects.signal_event(name), Signal(name=name, data=data), headers)

    async def _is_stored(self, start: str, name: str, message_id: str) -> bool:
        """Whether the signal under a key is in history: whoever claimed the key may have died before it was.

        Two that find nothing at the same time are told apart by the server, which takes a message id once.
        """
        base = start.removesuffix(f".{subjects.START}")
        stored = await self.history.read(f"{base}.{subjects.signal_event(name)}")
        return any(message.headers and message.headers.get(header_names.MESSAGE_ID) == message_id for message in stored)


def parse_signal(name: str, value: Any) -> Any:
    """The data of a signal from a request's body `{data?}`; raises ProblemError, also for a name that is none."""
    if not _NAME.fullmatch(name):
        raise invalid("/name", f"`{name}` is no name of a signal; it has up to 63 of a-z, 0-9, _ and -")
    if not isinstance(value, dict):
        raise invalid("", 'the body must be empty or {"data": …}')
    check_fields(value, ("data",))
    return value.get("data")


def has_program(control_block: ControlBlock) -> bool:
    """Whether steps may wait that are in no definition."""
    return _has_program((*control_block.blocks, *control_block.on_failure))


def check_signal(
    control_block: ControlBlock, name: str, data: Any, asking: tuple[ControlledBlock, ...] = ()
) -> tuple[Fault, ...]:
    """What is wrong with the data of a signal; pointers begin with `/data`.

    Which block will take a signal shows when one waits for it, so data is right when it meets the schema of any
    block that may. Blocks that name the signal count before those whose template may come to name it. `asking` are
    those, and steps of programs, that wait for it now; what a program will wait for, only it knows.
    """
    waiting = [*_waiting((*control_block.blocks, *control_block.on_failure))]
    named = [*asking, *(block for block in waiting if _literal(block) == name)]
    if not named and has_program(control_block):
        return ()
    schemas = [_schema(block) for block in named or waiting if block in named or _may_name(block, name)]
    wrong: tuple[Fault, ...] = ()
    for schema in schemas:
        findings = [] if schema is None else check(schema, data)[:_MOST_FAULTS]
        if not findings:
            return ()
        wrong = wrong or tuple(
            Fault(pointer=to_pointer(("data", *finding.path)), code="signal.invalid", message=finding.message)
            for finding in findings
        )
    return wrong


def _has_program(blocks: tuple[ControlledBlock, ...]) -> bool:
    return any(block.kind == "script" or _has_program(block.blocks) for block in blocks)


def _waiting(blocks: tuple[ControlledBlock, ...]) -> Iterator[ControlledBlock]:
    for block in blocks:
        if block.kind == "wait":
            yield block
        yield from _waiting(block.blocks)


def _config(block: ControlledBlock) -> dict[str, Any]:
    return block.config if isinstance(block.config, dict) else {}


def _parts(block: ControlledBlock) -> tuple[TemplatePart, ...]:
    """The name of the signal in parts; a text is a part of its own."""
    for leaf in block.templates:
        if leaf.at == ("signal",):
            return leaf.parts
    return (str(_config(block).get("signal", block.id)),)


def _literal(block: ControlledBlock) -> str | None:
    parts = _parts(block)
    return "".join(map(str, parts)) if all(isinstance(part, str) for part in parts) else None


def _may_name(block: ControlledBlock, name: str) -> bool:
    pattern = "".join(re.escape(part) if isinstance(part, str) else _ANY for part in _parts(block))
    return re.fullmatch(pattern, name) is not None


def _schema(block: ControlledBlock) -> Schema | None:
    schema = _config(block).get("schema")
    return schema if isinstance(schema, dict | bool) else None
