"""Programs as workflows."""

from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

Language = Literal["javascript", "python"]

#: What programs are written in, by the ending of their files.
LANGUAGES: MappingProxyType[str, Language] = MappingProxyType({".js": "javascript", ".py": "python"})


def script_definition(script: str, function: str = "main", language: Language = "javascript") -> dict[str, Any]:
    """The definition of a workflow that is this program, whose function is called with the input of the run."""
    return {"script": script, "entry": function, "language": language}


def read_script(file: Path) -> dict[str, Any]:
    """The definition of the program in a file, whose ending is one of `LANGUAGES`.

    Raises:
        OSError: it can't be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    return script_definition(file.read_text(encoding="utf-8-sig"), language=LANGUAGES[file.suffix])
