"""Scripts: the program of a block as a definition has it. It is read, never run."""

import re
from typing import NamedTuple

from gnatwork_engine.compiler.configs import Config
from gnatwork_engine.compiler.context import Context
from gnatwork_engine.compiler.faults import shown
from gnatwork_engine.compiler.fields import read_fields
from gnatwork_engine.compiler.frames import NO_CONNECTIONS, Frame, Unseen
from gnatwork_engine.compiler.references import read_references
from gnatwork_engine.compiler.shape import DraftBlock
from gnatwork_engine.expressions import ExpressionError, check_program
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.control_block import Script
from gnatwork_schemas.steering import MAX_SOURCE, ScriptConfig

_INVALID = "block.config_invalid"
_NO_CONNECTIONS = Unseen(
    NO_CONNECTIONS.code,
    "a connection can't be mentioned here: the program computes with its `args`, and the steps that it takes are "
    "stored; mention it in the config of a step",
)


class Program(NamedTuple):
    """What a script block runs."""

    script: Script
    #: What it is called with.
    args: Config


def read_script(block: DraftBlock, frame: Frame, context: Context) -> Program | None:
    """The program of a block; None when it is not right."""
    given = "config" in block.definition.model_fields_set
    at: Path = (*block.path, "config") if given else block.path
    model = read_fields(ScriptConfig, block.definition.config, at, context.faults, _INVALID)
    if model is None:
        return None
    place = (*at, "args")
    leaves = read_references(model.args, place, frame, context.faults, connections=_NO_CONNECTIONS)
    _check_source(model, at, context)
    script = Script(
        language=model.language,
        source=model.source,
        entry=model.entry,
        max_steps=model.max_steps,
        concurrency=model.concurrency,
    )
    return Program(script, Config(model.args, leaves))


def _check_source(model: ScriptConfig, at: Path, context: Context) -> None:
    place = (*at, "source")
    size = len(model.source.encode())
    if size > MAX_SOURCE:
        message = f"the program has {size:,} bytes, more than {MAX_SOURCE:,}; split it into several workflows"
        context.faults.add(place, "definition.too_large", message)
        return
    if not model.source.strip():
        context.faults.add(place, _INVALID, "the program is empty")
        return
    if model.language == "javascript":
        try:
            check_program(model.source)
        except ExpressionError as error:
            context.faults.add(place, "script.syntax", f"this is not a JavaScript program: {error.detail}")
            return
    # Where its functions are bound only the language itself can tell, but one that is never named is not there.
    if not re.search(rf"(?<![\w$]){re.escape(model.entry)}(?![\w$])", model.source):
        message = f"there is no function {shown(model.entry)} in the program; `entry` names the one to call"
        context.faults.add((*at, "entry") if "entry" in model.model_fields_set else place, _INVALID, message)
