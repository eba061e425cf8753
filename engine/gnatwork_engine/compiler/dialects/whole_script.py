"""The dialect of scripts: a whole workflow that is a program.

`{script, entry?, language?, args?, max_steps?, name?, description?, …}`, the rest as in native definitions. The program
becomes the one block of the workflow, `main`, and what it yields the output of a run.
"""

from collections.abc import Mapping
from typing import Any

from gnatwork_engine.compiler.dialects.fields import Fields
from gnatwork_engine.compiler.dialects.placed import made, sent
from gnatwork_engine.compiler.dialects.workflow import head
from gnatwork_engine.compiler.faults import Faults

#: The key that no other dialect has.
SCRIPT = "script"
#: Keys that mean what they mean in a native definition, and stay as they are.
SAME = ("input", "timeout", "labels", "concurrency", "rate_limit", "retention", "triggers", "on_failure")
#: Keys of the block that the program becomes.
_CONFIG = ("entry", "language", "args", "max_steps")
#: That block.
_MAIN = "main"


def translate(document: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    """The native definition, each part with its place."""
    fields = Fields(document, (), faults, "a workflow that is a program")
    fields.only("name", "description", SCRIPT, *_CONFIG, *SAME)
    config = {key: sent(fields.get(key), (key,)) for key in _CONFIG if key in fields}
    source = fields.needed(SCRIPT)
    if not isinstance(source, str):
        # Nothing can be said about the rest.
        faults.stop_if_any()
    config["source"] = sent(source, (SCRIPT,))
    block = made({"id": _MAIN, "type": "script", "config": made(config, (SCRIPT,))}, (SCRIPT,))
    return {
        **head(fields),
        **{key: sent(fields.get(key), (key,)) for key in SAME if key in fields},
        "blocks": made([block], (SCRIPT,)),
        "output": made(f"{{{{ {_MAIN} }}}}", (SCRIPT,)),
    }
