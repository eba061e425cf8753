"""Parsed templates, as control blocks and deferred config leaves carry them."""

from pydantic import JsonValue

from gnatwork_schemas.model import Model


class PathExpression(Model):
    """`{{ page.body[0] ?? "none" }}`: where a value comes from.

    `path` starts with a root that needs no further look-up: `input`, `blocks` (then a block id), `run`, `trigger`,
    `error`, `connections` (then a name), and in loops `item`, `index` and `previous` (then a block id).
    """

    path: tuple[str | int, ...]
    #: How many scopes outwards the root's is: 0 is the block's own, 1 that of the loop or group around it. Of no
    #: meaning for `input`, `run`, `trigger` and `connections`, which are the same everywhere.
    up: int = 0
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


class Templated(Model):
    """Any JSON with the leaves of it that are templates."""

    config: JsonValue
    templates: tuple[TemplateLeaf, ...] = ()
