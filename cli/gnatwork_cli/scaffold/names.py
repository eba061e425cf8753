"""What a new package of blocks may be called, and what its parts are called then. Pure."""

import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass

from gnatwork_schemas.errors import GnatworkError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
#: Lines in which it stands three times are to fit.
_LONGEST = 28


class ScaffoldError(GnatworkError):
    """The package can't be made."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names in a package of blocks whose first block type is `name`."""

    name: str

    @property
    def module(self) -> str:
        """The file of the block."""
        return self.name.replace("-", "_")

    @property
    def distribution(self) -> str:
        """What is installed."""
        return f"gnatwork-{self.name}"

    @property
    def package(self) -> str:
        """What is imported."""
        return f"gnatwork_{self.module}"

    @property
    def title(self) -> str:
        """For people."""
        return self.name.replace("-", " ").capitalize()

    @property
    def class_name(self) -> str:
        """Ends with `Block`, so that it is none of the names that the module imports."""
        return "".join(part.capitalize() for part in self.name.split("-")) + "Block"


def checked_names(name: str, taken: Collection[str]) -> Names:
    """The names that follow from one; `taken` are the block types and groups there are.

    Raises:
        ScaffoldError: It can't be one, with the reason.
    """
    if not _NAME.fullmatch(name):
        why = "write lower case letters, digits and single hyphens between them, a letter first, such as `say-hello`"
    elif len(name) > _LONGEST:
        why = f"it has more than {_LONGEST} characters, and names of files and classes are made of it"
    elif keyword.iskeyword(name):
        why = "it is a word of Python's own, so no module can be called that"
    elif name in taken:
        why = "there is a block type or group of this name already"
    else:
        return Names(name=name)
    raise ScaffoldError(f"{name!r} can't be the name: {why}")
