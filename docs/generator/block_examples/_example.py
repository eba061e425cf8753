"""What the examples of all block types are made of."""

from typing import Any, NamedTuple


class Example(NamedTuple):
    """A definition and what its run yields without an input."""

    definition: dict[str, Any]
    output: Any
    #: What else there is to say.
    note: str = ""


#: The site of the examples.
SITE = "http://127.0.0.1:7480"

#: A block whose output others compute with.
ORDER = {"id": "order", "type": "noop", "config": {"total": 120, "lines": [{"price": 20}, {"price": 100}]}}
