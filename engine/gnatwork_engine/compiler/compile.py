"""From a definition, as it was sent, to the control block that the scheduler runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from gnatwork_engine.compiler.configs import check_config
from gnatwork_engine.compiler.edges import explicit_edges
from gnatwork_engine.compiler.encode import MAX_SIZE, encode
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.compiler.graph import Node, link
from gnatwork_engine.compiler.ids import check_ids
from gnatwork_engine.compiler.inputs import check_input_schema
from gnatwork_engine.compiler.later import refuse_dialects, refuse_later_keys
from gnatwork_engine.compiler.outline import read_outline
from gnatwork_engine.compiler.references import References, read_references
from gnatwork_engine.compiler.shape import Draft, DraftBlock, read_shape
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock, Need
from gnatwork_schemas.definition import Definition, Retry
from gnatwork_schemas.template import Templated


def compile_definition(raw: Any, catalogue: Mapping[str, BlockType]) -> ControlBlock:
    """The control block of a definition.

    Args:
        raw: What was sent, any JSON value; it stays as it is.
        catalogue: What block types there are, by type.

    Raises:
        DefinitionError: With all mistakes that could be found at once, each with a JSON Pointer into `raw`.
    """
    faults = Faults()
    document = read_outline(raw)
    refuse_dialects(document)
    draft = read_shape(refuse_later_keys(document, catalogue, faults), faults)
    references = [
        read_references(block.definition.config, (*block.path, "config"), draft.types, faults) for block in draft.blocks
    ]
    for block, of_block in zip(draft.blocks, references, strict=True):
        check_config(block, of_block, catalogue, faults)
    needs = _needs(draft, references, catalogue, faults)
    output = _output(document.get("output"), draft, faults)
    check_input_schema(document.get("input"), faults)
    definition = draft.definition
    if faults or definition is None:
        raise faults.error()
    control_block = _control_block(draft.blocks, references, needs, output, definition, catalogue=catalogue)
    if (size := len(encode(control_block))) > MAX_SIZE:
        sizes = f"{size // 1024} KiB, more than {MAX_SIZE // 1024}"
        faults.add((), "definition.too_large", f"compiles to {sizes}; split it, or move constants into the input")
    faults.stop_if_any()
    return control_block


def _needs(
    draft: Draft, references: Sequence[References], catalogue: Mapping[str, BlockType], faults: Faults
) -> dict[str, tuple[Need, ...]]:
    """What each block waits for, by id."""
    edges = explicit_edges(draft, catalogue, faults)
    if not check_ids(draft, faults):
        return {}
    nodes = [
        Node(block.definition.id, of_block, mentioned.blocks, mentioned.error_at)
        for block, of_block, mentioned in zip(draft.blocks, edges, references, strict=True)
    ]
    return link(nodes, faults)


def _output(config: Any, draft: Draft, faults: Faults) -> Templated | None:
    """The `output` of the definition, which may mention any block."""
    if config is None:
        return None
    references = read_references(config, ("output",), draft.types, faults)
    if references.error_at:
        message = "there is no `error` in `output`: a run with an error that nothing handled has no output"
        faults.add(references.error_at, "template.unknown_root", message)
    return Templated(config=config, templates=references.leaves)


def _control_block(
    blocks: Sequence[DraftBlock],
    references: Sequence[References],
    needs: Mapping[str, tuple[Need, ...]],
    output: Templated | None,
    definition: Definition,
    *,
    catalogue: Mapping[str, BlockType],
) -> ControlBlock:
    return ControlBlock(
        workflow=definition.name,
        input=definition.input,
        blocks=tuple(
            ControlledBlock(
                id=block.definition.id,
                type=block.definition.type,
                config=block.definition.config,
                templates=of_block.leaves,
                needs=needs[block.definition.id],
                join=block.definition.join,
                retry=block.definition.retry or definition.retry or Retry(),
                timeout=block.definition.timeout,
                on_error=block.definition.on_error,
                idempotent=block.definition.idempotent,
                responds=catalogue[block.definition.type].responds,
            )
            for block, of_block in zip(blocks, references, strict=True)
        ),
        timeout=definition.timeout,
        labels=definition.labels,
        output=output,
    )
