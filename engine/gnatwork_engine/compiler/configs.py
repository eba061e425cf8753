"""Block types and configs, checked against the catalogue."""

from collections.abc import Mapping

from jsonschema_rs import ValidationError

from gnatwork_engine.compiler.faults import Faults, shown, suggestion
from gnatwork_engine.compiler.findings import Unknowns
from gnatwork_engine.compiler.later import is_later_type, refuse_later
from gnatwork_engine.compiler.references import References
from gnatwork_engine.compiler.schemas import check
from gnatwork_engine.compiler.shape import DraftBlock
from gnatwork_schemas.catalogue import BlockType


def check_config(block: DraftBlock, references: References, catalogue: Mapping[str, BlockType], faults: Faults) -> None:
    """The block's type must be in the catalogue and its config meet the type's schema.

    A text with templates stands for any value, so only what is wrong in any case is a fault.
    """
    type_ = block.definition.type
    entry = catalogue.get(type_)
    if is_later_type(type_, catalogue):
        refuse_later((*block.path, "type"), f"the block type {shown(type_)}", faults)
        return
    if entry is None:
        message = f"no executor has announced the block type {shown(type_)}{suggestion(type_, catalogue)}"
        faults.add((*block.path, "type"), "block.unknown_type", message)
        return
    unknowns = Unknowns(leaf.at for leaf in references.leaves)
    try:
        findings = check(entry.config_schema, block.definition.config, unknowns)
    except ValidationError as error:
        message = f"the config schema that executors announce for {shown(type_)} is itself wrong: {error.message}"
        faults.add((*block.path, "type"), "block.config_invalid", message)
        return
    given = "config" in block.definition.model_fields_set
    for finding in findings:
        path = (*block.path, "config", *finding.path) if given else block.path
        message = finding.message if given else f"there is no `config`, and in it {finding.message}"
        faults.add(path, "block.config_invalid", message)
