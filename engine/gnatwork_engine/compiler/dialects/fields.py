"""Objects of a dialect, read key by key: what is not understood is a fault, for nothing is ever dropped."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gnatwork_engine.compiler.faults import Faults, listed, shown, suggestion
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.definition import BlockDefinition, Definition

#: Codes of mistakes in the language and in configs.
INVALID = "definition.invalid"
CONFIG_INVALID = "block.config_invalid"

_NATIVE = {field.alias or name for model in (Definition, BlockDefinition) for name, field in model.model_fields.items()}


class Fields:
    """An object at a place, whose keys are taken one by one."""

    def __init__(self, value: Any, path: Path, faults: Faults, what: str, code: str = INVALID) -> None:
        self.path = path
        self._faults = faults
        self._code = code
        #: What it is, as messages call it: `a step`.
        self._what = what
        self._value: Mapping[str, Any] = value if isinstance(value, dict) else {}
        #: Whether it is an object at all.
        self.sound = isinstance(value, dict)
        if not self.sound:
            faults.add(path, code, f"{what} is an object")

    def __contains__(self, key: str) -> bool:
        return self._value.get(key) is not None

    def at(self, key: str) -> Path:
        """Where the value of a key stands; where the object does, if it has no such key."""
        return (*self.path, key) if key in self._value else self.path

    def get(self, key: str) -> Any:
        """The value of a key; null is none."""
        return self._value.get(key)

    def items(self) -> Iterator[tuple[str, Any]]:
        """All keys with a value."""
        return ((key, value) for key, value in self._value.items() if value is not None)

    def text(self, key: str) -> str | None:
        """The text of a key; anything else is a fault."""
        value = self.get(key)
        if value is None or isinstance(value, str):
            return value
        self.wrong(key, f"{shown(key)} must be a text")
        return None

    def needed(self, key: str) -> str | None:
        """Likewise, where one must be."""
        if self.sound and key not in self:
            self._faults.add(self.path, self._code, f"{shown(key)} is missing")
        return self.text(key)

    def objects(self, key: str) -> list[Any]:
        """The entries of an array that may be absent."""
        value = self.get(key)
        if value is None or isinstance(value, list):
            return value or []
        self.wrong(key, f"{shown(key)} must be an array")
        return []

    def wrong(self, key: str, message: str) -> None:
        """A mistake at a key."""
        self._faults.add(self.at(key), self._code, message)

    def only(self, *known: str) -> None:
        """All other keys are mistakes."""
        for key in self._value:
            if key not in known:
                self._faults.add((*self.path, key), self._code, f"there is no {shown(key)}{self._instead(key, known)}")

    def _instead(self, key: str, known: Collection[str]) -> str:
        if near := suggestion(key, known):
            return f" in {self._what}{near}"
        native = "; in the native language there is one" if key in _NATIVE and self._code == INVALID else ""
        return f" in {self._what}, which may have {listed(known)}{native}"
