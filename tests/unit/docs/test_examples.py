"""Definitions and messages in the documents are what the code takes."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from support.documents import ROOT, Fence, documents, fences

from docs.generator.block_examples import EXAMPLES
from docs.generator.blocks import built_in, of_integrations
from docs.generator.schemas import MODELS
from docs.generator.shipped import INTEGRATIONS
from gnatwork_blocks.registry import describe
from gnatwork_engine.compiler import compile_definition, compile_workflow
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.steering import STEERING

CATALOGUE = {block.type: describe(block) for block in built_in()}
_PACKAGED = [block for blocks in of_integrations().values() for block in blocks]
_WITH_INTEGRATIONS = {**CATALOGUE, **{block.type: describe(block) for block in _PACKAGED}}
_TRIGGER_TYPES = {one.type: one for integration in INTEGRATIONS.values() for one in integration.triggers}
_FENCES = [fence for document in documents() for fence in fences(document) if fence.info.startswith("json")]
_MESSAGES = ROOT / "docs/reference/messages.md"


def _definitions(mark: str) -> list[Fence]:
    """Definitions with this mark behind `json`; none is an ordinary one."""
    return [
        fence
        for fence in _FENCES
        if fence.info.removeprefix("json").strip() == mark and _is_definition(json.loads(fence.text))
    ]


def _is_definition(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(
        value.get("blocks", value.get("steps", value.get("script"))), list | str
    )


@pytest.mark.parametrize("fence", _FENCES, ids=lambda fence: fence.place)
def test_every_example_is_json(fence: Fence) -> None:
    json.loads(fence.text)


@pytest.mark.parametrize("fence", _definitions(""), ids=lambda fence: fence.place)
def test_every_definition_compiles(fence: Fence) -> None:
    definition = json.loads(fence.text)
    compile_workflow(definition, _WITH_INTEGRATIONS, _TRIGGER_TYPES)
    schema = json.loads((ROOT / "docs/reference/schemas/definition.json").read_text())
    jsonschema_rs.validate(schema, definition)


@pytest.mark.parametrize("fence", _definitions("ours"), ids=lambda fence: fence.place)
def test_definitions_with_blocks_of_the_reader_compile(fence: Fence) -> None:
    definition = json.loads(fence.text)
    types = {block["type"] for block in definition["blocks"]}
    theirs = {type_: _anything(type_) for type_ in types - CATALOGUE.keys()}
    assert theirs
    compile_definition(definition, {**theirs, **CATALOGUE})


@pytest.mark.parametrize("fence", _definitions("dialect"), ids=lambda fence: fence.place)
def test_definitions_in_other_languages_compile(fence: Fence) -> None:
    compile_definition(json.loads(fence.text), CATALOGUE)


def _workflow_files() -> list[Path]:
    """Those of the examples; executors have files of other kinds."""
    folder = ROOT / "examples"
    return sorted(path for path in folder.rglob("*.json") if path.relative_to(folder).parts[0] != "executors")


@pytest.mark.parametrize("path", _workflow_files(), ids=lambda path: path.name)
def test_every_example_file_compiles(path: Any) -> None:
    compile_definition(json.loads(path.read_text()), CATALOGUE)


def test_the_readme_shows_what_the_demo_runs() -> None:
    (shown,) = (fence for fence in _definitions("") if fence.document == ROOT / "README.md")
    assert json.loads(shown.text) == json.loads((ROOT / "examples/headlines.json").read_text())


def test_every_block_has_an_example_of_its_own() -> None:
    assert EXAMPLES.keys() == CATALOGUE.keys() | STEERING.keys()
    for type_, example in EXAMPLES.items():
        assert type_ in {block["type"] for block in example.definition.get("blocks") or example.definition["steps"]}
        compile_definition(example.definition, CATALOGUE)


@pytest.mark.parametrize("entry", [*CATALOGUE.values(), *STEERING.values()], ids=lambda entry: entry.type)
def test_the_configs_of_a_block_are_right(entry: BlockType) -> None:
    before = [{"id": id_, "type": "noop"} for id_ in ("page", "news")]
    inside = {"blocks": before} if entry.type in {"loop", "group"} else {}
    for config in entry.examples:
        it = {"id": "it", "type": entry.type, "config": config, **inside}
        compile_definition({"blocks": [*before, it]}, CATALOGUE)


def test_every_message_is_shown_as_it_is() -> None:
    """In the chapter of a message, the example behind the link to its schema is one."""
    text = _MESSAGES.read_text()
    shown = 0
    for name, model in MODELS.items():
        before, link, after = text.partition(f"](schemas/{name}.json)")
        if not link or "```json" not in after.partition("\n#")[0]:
            continue
        example = json.loads(after.partition("```json\n")[2].partition("\n```")[0])
        model.model_validate(example.get("$payload", example), strict=False)
        assert set(example.get("$payload", example)) <= model.model_fields.keys(), before[-80:]
        shown += 1
    assert shown >= 18


def _anything(type_: str) -> BlockType:
    return BlockType(type=type_, title=type_, summary=type_, config_schema=True, output_schema=True)
