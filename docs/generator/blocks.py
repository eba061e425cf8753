"""`docs/reference/blocks`: a page for each built-in block type, and their index."""

import json
from typing import Any

from pydantic import BaseModel

from docs.generator.block_examples import EXAMPLES
from docs.generator.errors import link
from docs.generator.json_types import in_words
from docs.generator.markdown import code, fence, page, pretty, table
from gnatwork_blocks import registry
from gnatwork_blocks.block import Block
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.codes import CODES
from gnatwork_schemas.control_block import DEFAULT_PORT, ERROR_PORT

_SITE_NEEDED = (
    "It runs against the [site of the examples](../../../examples/README.md), which has to be started beside Gnatwork."
)


def built_in() -> list[type[Block]]:
    """The blocks that come with Gnatwork, not those of other packages."""
    blocks = [registry.load(name) for name in registry.names()]
    return [block for block in blocks if block.__module__.startswith("gnatwork_blocks.")]


def pages() -> dict[str, str]:
    """A page per type and the index."""
    blocks = built_in()
    found = {f"blocks/{block.type}.md": _page(block) for block in blocks}
    rows = [(f"[`{block.type}`]({block.type}.md)", block.category, block.summary) for block in blocks]
    groups = [f"`{name}` ({', '.join(code(one) for one in types)})" for name, types in registry.GROUPS.items()]
    found["blocks/README.md"] = page(
        "Block types",
        "What comes with Gnatwork. `gnatwork blocks list` shows what a running installation has, and"
        " `gnatwork blocks show TYPE` the schemas of one.",
        table(("Type", "Category", "What it does"), rows),
        f"Groups stand for several types when an executor is told what to host: {', '.join(groups)}.",
    )
    return found


def _page(block: type[Block]) -> str:
    entry = registry.describe(block)
    return page(
        code(block.type),
        entry.summary,
        table(("", ""), _facts(block, entry)),
        "## Config",
        *_properties(entry.config_schema, block.Config),
        "## Output",
        *_properties(entry.output_schema, block.Output),
        "## Errors",
        *_errors(block.type),
        "## Example",
        *_example(block.type),
        "## Configs",
        *(fence(pretty(example), "json") for example in entry.examples),
    )


def _facts(block: type[Block], entry: BlockType) -> list[tuple[str, str]]:
    facts = [
        ("Category", entry.category),
        ("Ports", ", ".join(code(port) for port in (DEFAULT_PORT, ERROR_PORT, *entry.ports))),
        ("Capabilities", ", ".join(code(one) for one in entry.capabilities)),
        ("Runs in", "a worker process that can be killed" if block.runs_in == "process" else "the executor's process"),
        ("Replies", "its output is the reply to a caller who waits for the run" if entry.responds else ""),
        ("Version", entry.version),
    ]
    return [(name, text) for name, text in facts if text]


def _properties(schema: dict[str, Any] | bool, model: Any) -> list[str]:
    """Tables of an object's fields, and of those of the objects within."""
    if not isinstance(schema, dict):
        return ["Any JSON."]
    parts = [schema.get("description", ""), _table(schema, model)]
    for name, part in schema.get("$defs", {}).items():
        parts += [f"### {name}", part.get("description", ""), _table(part, None)]
    return [part for part in parts if part]


def _table(schema: dict[str, Any], model: Any) -> str:
    required = schema.get("required", ())
    with_default = any(name not in required for name in schema.get("properties", {}))
    rows = [
        (code(name), in_words(field), _default(name, field, name in required, model), field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    ]
    if with_default:
        return table(("Field", "Type", "Default", ""), rows)
    return table(("Field", "Type", ""), [(name, type_, text) for name, type_, _, text in rows])


def _default(name: str, field: dict[str, Any], required: bool, model: Any) -> str:
    if required:
        return "required"
    default = field["default"] if "default" in field else _made_default(name, model)
    return "" if default is None else code(json.dumps(default))


def _made_default(name: str, model: type[BaseModel]) -> Any:
    """A default that is made anew each time, which schemas do not tell."""
    fields = {field.alias or key: field for key, field in model.model_fields.items()}
    return fields[name].get_default(call_default_factory=True)


def _errors(type_: str) -> list[str]:
    own = [entry for entry in CODES.values() if type_ in entry.raised_by]
    rows = [(link(entry, "../errors/"), entry.meaning, entry.retryable or "") for entry in own]
    common = "those that [any block can end with](../errors/README.md#block)"
    return [
        table(("Code", "Meaning", "Another attempt"), rows),
        f"And {common}." if own else f"Only {common}.",
    ]


def _example(type_: str) -> list[str]:
    example = EXAMPLES[type_]
    definition = pretty(example.definition)
    return [
        fence(definition, "json"),
        f"Its output is {code(json.dumps(example.output, ensure_ascii=False))}."
        + (f" {_SITE_NEEDED}" if "127.0.0.1:7480" in definition else ""),
    ]
