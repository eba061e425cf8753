"""Looking for values where they must not be: in all that NATS stores, and in all files."""

import base64
import json
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import read_all
from gnatwork_schemas import subjects


def forms_of(secret: str) -> set[bytes]:
    """A secret as it is, in base64 wherever in the encoded text it begins, percent-encoded, escaped, and in hex."""
    data = secret.encode()
    percent = {urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote_plus(secret).encode()}
    forms = {data, data.hex().encode(), json.dumps(secret)[1:-1].encode(), *percent}
    escaped = json.dumps(secret)[1:-1]
    for written in (data, escaped.encode(), json.dumps(escaped)[1:-1].encode()):
        for before in range(3):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                whole = encode(bytes(before) + written + bytes(2))
                # What the bytes before and after have no part in.
                forms.add(whole[-(-before * 8 // 6) : (before + len(written)) * 8 // 6])
    return forms


class Search:
    """Finds which of some secrets can be seen where."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        #: By name.
        self._forms = {name: forms_of(secret) for name, secret in secrets.items()}
        #: Name of the secret, and where.
        self.found: set[tuple[str, str]] = set()

    def look(self, place: str, data: bytes) -> None:
        """Look through something that is stored."""
        for name, forms in self._forms.items():
            if any(form in data for form in forms):
                self.found.add((name, place))

    async def streams(self, connection: Connection) -> set[str]:
        """Look through all streams, buckets and archives; the names of the streams that are not empty."""
        names: list[str] = (await connection.api("STREAM.NAMES"))["streams"]
        full = set()
        for name in names:
            messages = await read_all(connection, name, ">")
            full |= {name} if messages else set()
            for message in messages:
                headers = orjson.dumps(dict(message.headers or {}))
                self.look(name, message.subject.encode() + headers + message.data)
            if name == subjects.ARCHIVE:
                for archive in _unpacked((message.subject, message.data) for message in messages):
                    self.look(f"{name}, decompressed", archive)
        return full

    def files(self, *folders: Path) -> int:
        """Look through all files below; how many there are."""
        files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
        for file in files:
            self.look(str(file), file.read_bytes())
        return len(files)


def _unpacked(chunks: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The archives that chunks make, each by its subject."""
    archives: dict[str, dict[int, bytes]] = {}
    for subject, data in chunks:
        run, _, number = subject.rpartition(".")
        archives.setdefault(run, {})[int(number)] = data
    for parts in archives.values():
        yield zlib.decompress(b"".join(data for _, data in sorted(parts.items())))
