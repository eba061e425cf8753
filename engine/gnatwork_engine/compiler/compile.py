"""From a definition, as it was sent, to the control block that the scheduler runs."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from gnatwork_engine.compiler.admission import concurrency_limit, start_rate
from gnatwork_engine.compiler.build import controlled
from gnatwork_engine.compiler.context import Context
from gnatwork_engine.compiler.dialects import to_native
from gnatwork_engine.compiler.encode import MAX_SIZE, encode
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.compiler.frames import Frame
from gnatwork_engine.compiler.inputs import check_schema
from gnatwork_engine.compiler.outline import read_outline
from gnatwork_engine.compiler.prepare import Body, prepare
from gnatwork_engine.compiler.references import read_references
from gnatwork_engine.compiler.shape import Draft, DraftBody, read_shape
from gnatwork_engine.compiler.triggers import read_triggers
from gnatwork_engine.json_tree import existing
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.integration import TriggerType
from gnatwork_schemas.template import Templated
from gnatwork_schemas.triggers import AnyTrigger

_NO_ERROR = "there is no `error` in `output`: a run with an error that nothing handled has no output"
_NO_TYPES: Mapping[str, TriggerType] = MappingProxyType({})


class Compiled(NamedTuple):
    """All that a definition says."""

    control_block: ControlBlock
    #: What starts runs of it once it is stored.
    triggers: tuple[AnyTrigger, ...] = ()


def compile_definition(raw: Any, catalogue: Mapping[str, BlockType]) -> ControlBlock:
    """The control block of a definition, as `compile_workflow` makes it."""
    return compile_workflow(raw, catalogue).control_block


def compile_workflow(
    raw: Any, catalogue: Mapping[str, BlockType], trigger_types: Mapping[str, TriggerType] = _NO_TYPES
) -> Compiled:
    """The control block of a definition, and its triggers.

    Args:
        raw: What was sent, any JSON value; it stays as it is.
        catalogue: What block types executors have announced, by type.
        trigger_types: Likewise those of triggers, beside the engine's own.

    Raises:
        DefinitionError: With all mistakes that could be found at once, each with a JSON Pointer into `raw`.
    """
    outline = read_outline(raw)
    found = Faults(partial(existing, outline))
    document, origin = to_native(outline, found)
    faults = Faults(origin, found)
    draft = read_shape(document, faults)
    retry = draft.definition.retry if draft.definition else None
    context = Context(catalogue, faults, retry or Retry())
    body = prepare(Frame(draft.body), context)
    on_failure = _on_failure(draft, context)
    output = _output(document.get("output"), draft.body, faults)
    check_schema(document.get("input"), ("input",), faults)
    triggers = read_triggers(document.get("triggers"), faults, catalogue, trigger_types)
    concurrency = concurrency_limit(draft, faults)
    rate_limit = start_rate(draft, faults)
    if faults or draft.definition is None:
        raise faults.error()
    definition = draft.definition
    control_block = ControlBlock(
        workflow=definition.name,
        input=definition.input,
        blocks=controlled(body, context),
        timeout=definition.timeout,
        labels=definition.labels,
        output=output,
        on_failure=controlled(on_failure, context) if on_failure else (),
        concurrency=concurrency,
        rate_limit=rate_limit,
        retention=definition.retention,
    )
    if (size := len(encode(control_block))) > MAX_SIZE:
        sizes = f"{size // 1024} KiB, more than {MAX_SIZE // 1024}"
        faults.add((), "definition.too_large", f"compiles to {sizes}; split it, or move constants into the input")
    faults.stop_if_any()
    return Compiled(control_block, triggers)


def _on_failure(draft: Draft, context: Context) -> Body | None:
    """What runs when the run fails: a scope inside that of the workflow, with the run's error."""
    if draft.on_failure is None:
        return None
    return prepare(Frame(draft.on_failure, error=True, outer=Frame(draft.body)), context, failing=True)


def _output(config: Any, body: DraftBody, faults: Faults) -> Templated | None:
    """The `output` of the definition, which may mention any block."""
    if config is None:
        return None
    frame = Frame(body, no_error=_NO_ERROR)
    return Templated(config=config, templates=read_references(config, ("output",), frame, faults))
