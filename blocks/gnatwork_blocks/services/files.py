"""Files that outlive a run: bytes under a name."""

from typing import Annotated, NamedTuple, Protocol

from pydantic import StringConstraints

from gnatwork_blocks.errors import BlockError

#: Bytes of the largest file: as base64, it is a value that still travels.
MAX_FILE = 32 * 1024 * 1024
#: Files that are listed at once.
MAX_LISTED = 1000

#: Any text; `/` for what people take for folders.
FileName = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class FileInfo(NamedTuple):
    """What is known of a file."""

    name: str
    #: Bytes.
    size: int
    #: `sha256:<hex>` of the bytes.
    digest: str
    #: When it was written: Unix seconds.
    modified: float


class Files(Protocol):
    """The files of a namespace. Waits while NATS does not answer, as long as the attempt may take."""

    async def put(self, name: str, data: bytes) -> FileInfo:
        """Write a file, in the place of the one that there is.

        Raises:
            BlockError: `file.too_large`.
        """

    async def get(self, name: str, *, max_bytes: int = MAX_FILE) -> tuple[FileInfo, bytes]:
        """Read a file.

        Raises:
            BlockError: `file.not_found`, `file.too_large`, `file.damaged`.
        """

    async def list(self, prefix: str = "", *, after: str = "", limit: int = MAX_LISTED) -> list[FileInfo]:
        """Files whose name begins with `prefix` and comes behind `after`, by name."""

    async def delete(self, name: str) -> None:
        """Remove a file; one that is not there is as good as removed."""


def not_found(name: str) -> BlockError:
    """There is no such file."""
    return BlockError("file.not_found", f"There is no file {name!r}.")


def checked_size(name: str, size: int, most: int = MAX_FILE) -> None:
    """BlockError `file.too_large` for more bytes than are taken."""
    if size > most:
        raise BlockError("file.too_large", f"The file {name!r} has {size:,} bytes, at most {most:,} are taken.")
