"""Blocks whose config holds a program: it is literal text, which no template fills in, and is read before it runs."""

from collections.abc import Mapping
from typing import Any

from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.expressions import ExpressionError, check_program
from gnatwork_engine.json_tree import Path

CODE = "code"
_SOURCE: Path = ("source",)
#: The types, and where their programs stand.
PROGRAMS: Mapping[str, Path] = {CODE: _SOURCE, "python-full": _SOURCE}
#: Characters that are read; more than any executor takes are refused there.
_MOST = 256 * 1024


def check_code(type_: str, config: Any, at: Path, faults: Faults) -> None:
    """A fault for what is no JavaScript; of Python, executors know more."""
    if type_ != CODE or not isinstance(config, dict) or config.get("language") != "javascript":
        return
    source = config.get("source")
    if not isinstance(source, str) or len(source) > _MOST:
        return
    try:
        check_program(source)
    except ExpressionError as error:
        faults.add((*at, *_SOURCE), "script.syntax", f"this is not a JavaScript program: {error.detail}")
