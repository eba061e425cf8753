"""`docs/reference/blocks`: a page for each block type that comes with Gnatwork, and their index."""

import inspect
import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from docs.generator.block_examples import EXAMPLES
from docs.generator.errors import link
from docs.generator.json_types import in_words
from docs.generator.markdown import code, fence, page, pretty, table
from docs.generator.shipped import INTEGRATIONS
from gnatwork_blocks import registry
from gnatwork_blocks.block import Block
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.codes import CODES, ErrorCode
from gnatwork_schemas.control_block import DEFAULT_PORT, ERROR_PORT
from gnatwork_schemas.steering import CONFIGS, STEERING

_SITE_NEEDED = (
    "It runs against the [site of the examples](../../../examples/README.md), which has to be started beside Gnatwork."
)
#: Where the reference tells more of a steering type.
_CHAPTERS = {
    "loop": "loops",
    "group": "groups",
    "delay": "delays",
    "wait": "signals",
    "workflow": "child-runs",
    "script": "scripts",
}
_STEERING_ERRORS = {
    "loop": ("loop.not_an_array", "loop.too_many"),
    "group": (),
    "delay": (),
    "wait": ("wait.timeout",),
    "workflow": ("workflow.not_found", "workflow.too_deep", "block.timeout"),
    "script": (
        "script.failed",
        "script.invalid",
        "script.nondeterministic",
        "script.stuck",
        "script.too_large",
        "script.too_long",
        "code.timeout",
        "code.memory",
    ),
}
_INSIDE = "And that of a block inside which nothing handled."
_TEMPLATES = (
    "with its templates: [`template.missing`](../errors/template.missing.md),"
    " [`block.config_invalid`](../errors/block.config_invalid.md)."
)
_STEERING_ENDS = {
    "loop": _INSIDE,
    "group": "That of a block inside which nothing handled.",
    "delay": f"What goes wrong {_TEMPLATES}",
    "wait": f"And what goes wrong {_TEMPLATES}",
    "workflow": "And that of the child run.",
    "script": "And that of a step, which the program did not catch.",
}


def built_in() -> list[type[Block]]:
    """The blocks that come with Gnatwork, not those of other packages."""
    blocks = [registry.load(name) for name in registry.names()]
    return [block for block in blocks if block.__module__.startswith("gnatwork_blocks.")]


def of_integrations() -> dict[str, list[type[Block]]]:
    """The blocks of the integrations that come with Gnatwork, by the name of the integration."""
    groups = registry.groups()
    return {name: [registry.load(type_) for type_ in groups.get(name, ())] for name in INTEGRATIONS}


def pages() -> dict[str, str]:
    """A page per type and the index."""
    entries = [registry.describe(block) for block in built_in()]
    found = {f"blocks/{block.type}.md": _hosted(block) for block in built_in()}
    found |= {f"blocks/{type_}.md": _steered(entry) for type_, entry in STEERING.items()}
    packaged = [block for blocks in of_integrations().values() for block in blocks]
    found |= {f"blocks/{block.type}.md": _packaged(block) for block in packaged}
    rows = [
        (f"[`{entry.type}`]({entry.type}.md)", entry.category, entry.summary)
        for entry in sorted((*entries, *STEERING.values()), key=lambda entry: entry.type)
    ]
    groups = [f"`{name}` ({', '.join(code(one) for one in types)})" for name, types in registry.GROUPS.items()]
    found["blocks/README.md"] = page(
        "Block types",
        "What comes with Gnatwork. `gnatwork blocks list` shows what a running installation has, and"
        " `gnatwork blocks show TYPE` the schemas of one.",
        table(("Type", "Category", "What it does"), rows),
        f"{_either(STEERING)} belong to the engine itself: no executor hosts them.",
        "Those of [integrations](../integrations.md):",
        table(("Type", "What it does"), [(f"[`{one.type}`]({one.type}.md)", one.summary) for one in packaged]),
        f"Groups stand for several types when an executor is told what to host: {', '.join(groups)}.",
    )
    return found


def _hosted(block: type[Block]) -> str:
    """The page of a type that executors host."""
    entry = registry.describe(block)
    own = [code for code in CODES.values() if block.type in code.raised_by]
    common = "those that [any block can end with](../errors/README.md#block)"
    ending = f"And {common}." if own else f"Only {common}."
    return _page(entry, _facts(block, entry), (block.Config, block.Output), [_errors(own), ending])


def _packaged(block: type[Block]) -> str:
    """The page of a type of an integration, whose examples need an account with the service."""
    entry = registry.describe(block)
    own = [code for code in CODES.values() if {block.type, "integrations"} & set(code.raised_by)]
    return page(
        code(entry.type),
        entry.summary,
        inspect.cleandoc(block.__doc__ or ""),
        table(("", ""), _facts(block, entry)),
        "## Config",
        *_properties(entry.config_schema, block.Config),
        "## Output",
        *_properties(entry.output_schema, block.Output),
        "## Errors",
        _errors(own),
        "And those that [any block can end with](../errors/README.md#block).",
        "## Configs",
        # Marked, for a config may look like a definition.
        *(fence(pretty(example), "json config") for example in entry.examples),
    )


def _steered(entry: BlockType) -> str:
    """The page of a type that belongs to the engine."""
    facts = [
        ("Category", entry.category),
        ("Ports", ", ".join(code(port) for port in (DEFAULT_PORT, ERROR_PORT))),
        ("Runs in", "the engine itself, no executor hosts it"),
        ("Reference", f"[The definition](../definition.md#{_CHAPTERS[entry.type]})"),
    ]
    own = [CODES[name] for name in _STEERING_ERRORS[entry.type] if name in CODES]
    return _page(entry, facts, (CONFIGS[entry.type], None), [_errors(own), _STEERING_ENDS[entry.type]])


def _page(entry: BlockType, facts: list[tuple[str, str]], models: tuple[Any, Any], errors: list[str]) -> str:
    return page(
        code(entry.type),
        entry.summary,
        table(("", ""), facts),
        "## Config",
        *_properties(entry.config_schema, models[0]),
        "## Output",
        *_properties(entry.output_schema, models[1]),
        "## Errors",
        *(text for text in errors if text),
        "## Example",
        *_example(entry.type),
        "## Configs",
        *(fence(pretty(example), "json") for example in entry.examples),
    )


def _facts(block: type[Block], entry: BlockType) -> list[tuple[str, str]]:
    facts = [
        ("Category", entry.category),
        ("Ports", ", ".join(code(port) for port in (DEFAULT_PORT, ERROR_PORT, *entry.ports))),
        ("Capabilities", ", ".join(code(one) for one in entry.capabilities)),
        ("Runs in", _place(block)),
        ("Replies", "its output is the reply to a caller who waits for the run" if entry.responds else ""),
        ("Version", entry.version),
    ]
    return [(name, text) for name, text in facts if text]


def _place(block: type[Block]) -> str:
    if block.category == "code":
        return "a process behind walls, see [Code](../../code.md)"
    return "a worker process that can be killed" if block.runs_in == "process" else "the executor's process"


def _properties(schema: dict[str, Any] | bool, model: Any) -> list[str]:
    """Tables of an object's fields, and of those of the objects within."""
    if not isinstance(schema, dict):
        return ["Any JSON."]
    if "properties" not in schema:
        return [schema.get("description") or f"{in_words(schema).capitalize()}."]
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
    return "" if default is None else code(json.dumps(to_jsonable_python(default)))


def _made_default(name: str, model: type[BaseModel] | None) -> Any:
    """A default that is made anew each time, which schemas do not tell; None in an object within."""
    if model is None:
        return None
    fields = {field.alias or key: field for key, field in model.model_fields.items()}
    return fields[name].get_default(call_default_factory=True)


def _errors(codes: list[ErrorCode]) -> str:
    rows = [(link(entry, "../errors/"), entry.meaning, entry.retryable or "") for entry in codes]
    return table(("Code", "Meaning", "Another attempt"), rows) if rows else ""


def _either(names: Iterable[str]) -> str:
    *most, last = map(code, names)
    return f"{', '.join(most)} and {last}"


def _example(type_: str) -> list[str]:
    example = EXAMPLES[type_]
    definition = pretty(example.definition)
    return [
        fence(definition, "json"),
        f"Its output is {code(json.dumps(example.output, ensure_ascii=False))}."
        + (f" {_SITE_NEEDED}" if "127.0.0.1:7480" in definition else "")
        + (f" {example.note}" if example.note else ""),
    ]
