"""The compiler: from a definition to the control block that the scheduler runs. Pure; nothing is fetched or read."""

from gnatwork_engine.compiler.compile import compile_definition
from gnatwork_engine.compiler.encode import digest, encode
from gnatwork_engine.compiler.inputs import check_input

__all__ = ["check_input", "compile_definition", "digest", "encode"]
