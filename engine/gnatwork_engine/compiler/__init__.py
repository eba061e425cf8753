"""The compiler: from a definition to the control block that the scheduler runs. Pure; nothing is fetched or read."""

from gnatwork_engine.compiler.compile import Compiled, compile_definition, compile_workflow
from gnatwork_engine.compiler.dialects import workflow_name
from gnatwork_engine.compiler.encode import digest, encode
from gnatwork_engine.compiler.events import subject_mistake
from gnatwork_engine.compiler.inputs import check_input

__all__ = [
    "Compiled",
    "check_input",
    "compile_definition",
    "compile_workflow",
    "digest",
    "encode",
    "subject_mistake",
    "workflow_name",
]
