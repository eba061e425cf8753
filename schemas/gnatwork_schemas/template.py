"""Parsed templates, as control blocks and deferred config leaves carry them."""

from pydantic import JsonValue

from gnatwork_schemas.model import Model


class PathExpression(Model):
    """`{{ page.body[0] ?? "none" }}`: where a value comes from.

    `path` starts with a root that needs no further look-up: `input`, `blocks` (then a block id), `run`, `trigger`
    or `error`.
    """

    path: tuple[str | int, ...]
    #: As written, for messages.
    source: str
    has_default: bool = False
    default: JsonValue = None


#: Text as it is, or a value to be put in its place.
TemplatePart = str | PathExpression


class TemplateLeaf(Model):
    """A string of a config that holds templates.

    One part that is an expression keeps the type of its value; otherwise the parts are joined to a text.
    """

    #: Keys and indexes from the config's root to the string.
    at: tuple[str | int, ...]
    parts: tuple[TemplatePart, ...]
