"""Templates outside of runs: over values that are all at hand, such as the event that a trigger has seen."""

from collections.abc import Iterator, Mapping
from typing import Any

from gnatwork_engine.paths import MISSING, as_text, follow, missing
from gnatwork_engine.template import parse_template
from gnatwork_schemas.template import PathExpression, TemplatePart


def fill(config: Any, roots: Mapping[str, Any]) -> Any:
    """The config with its templates replaced; `config` itself stays as it is.

    Args:
        config: Any JSON whose templates have been checked.
        roots: By the first step of a path, what it stands for.

    Raises:
        TemplateError: A path leads nowhere.
        TemplateSyntaxError: A text is no template.
    """
    match config:
        case dict():
            return {key: fill(value, roots) for key, value in config.items()}
        case list() | tuple():
            return [fill(value, roots) for value in config]
        case str() if (parts := parse_template(config)) is not None:
            values = [_value(part, roots) for part in parts]
            return values[0] if len(values) == 1 else "".join(map(as_text, values))
        case _:
            return config


def expressions(parts: tuple[TemplatePart, ...] | None) -> Iterator[PathExpression]:
    """The paths of a parsed template."""
    return (part for part in parts or () if isinstance(part, PathExpression))


def _value(part: TemplatePart, roots: Mapping[str, Any]) -> Any:
    if isinstance(part, str):
        return part
    root = roots.get(str(part.path[0]), MISSING)
    found = follow(root, part.path[1:])
    if found is not MISSING:
        return found
    if part.has_default:
        return part.default
    raise missing(part.source, part.path, 1, root)
