"""Configs of block types that a dialect calls by their own names."""

from collections.abc import Mapping
from typing import Any

from gnatwork_engine.compiler.configs import expressions_of
from gnatwork_engine.compiler.dialects import scripts
from gnatwork_engine.compiler.dialects.placed import made, sent
from gnatwork_engine.compiler.dialects.texts import Names, rewritten
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.json_tree import Path

#: The connection of types that need one and whose steps, elsewhere, don't say which.
_CONNECTIONS: Mapping[str, str] = {"send-email": "mailer"}


def native_type(type_: str) -> str:
    """How block types are written: `send_email` and `email.send` are `send-email` and `email-send`."""
    return type_.replace("_", "-").replace(".", "-")


def native_config(type_: str, config: Any, at: Path, names: Names, faults: Faults) -> Any:
    """A config with native names in its templates and expressions, and with a connection where its type needs one."""
    plain = {
        (*at, *inner): scripts.expression(text, (*at, *inner), names, faults)
        for inner, text in expressions_of(type_, config)
    }
    native = rewritten(config, at, names, faults, plain)
    if type_ in _CONNECTIONS and isinstance(native, dict) and "connection" not in native:
        native = {"connection": made(f"{{{{ connections.{_CONNECTIONS[type_]} }}}}", at), **native}
    return sent(native, at)
