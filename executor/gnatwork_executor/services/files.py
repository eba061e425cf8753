"""Files of blocks, in one object store for all namespaces."""

import time
from dataclasses import dataclass
from uuid import uuid4

from pydantic import ValidationError

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.services.files import MAX_FILE, MAX_LISTED, FileInfo, checked_size, not_found
from gnatwork_bus.kv import Bucket
from gnatwork_bus.objects import ObjectInfo, Objects
from gnatwork_bus.patience import until_available
from gnatwork_schemas.errors import ConflictError, PayloadError
from gnatwork_schemas.model import Model
from gnatwork_schemas.subjects import file_name, writing_key

#: Seconds after which nobody writes a file any more that somebody has begun to write.
ABANDONED = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class BusFiles:
    """See `gnatwork_blocks.services.files.Files`.

    What is being written is noted among the keys, so that the bytes of a writer who vanished are found and removed.
    """

    objects: Objects
    notes: Bucket
    namespace: str

    async def put(self, name: str, data: bytes) -> FileInfo:
        """See `Files`."""
        checked_size(name, len(data))
        return self._shown(await until_available(lambda: self._put(file_name(self.namespace, name), data)))

    async def get(self, name: str, *, max_bytes: int = MAX_FILE) -> tuple[FileInfo, bytes]:
        """See `Files`."""
        full = file_name(self.namespace, name)
        before = None
        while True:
            info = await until_available(lambda: self.objects.info(full))
            if info is None or info.deleted:
                raise not_found(name)
            checked_size(name, info.size, max_bytes)
            try:
                return self._shown(info), await until_available(lambda info=info: self.objects.read(info))  # type: ignore[misc]  # defaults bind
            except PayloadError as error:
                # It may have been replaced while it was read.
                if before == info.id:
                    raise BlockError("file.damaged", f"The file {name!r} is not what was stored.") from error
                before = info.id

    async def list(self, prefix: str = "", *, after: str = "", limit: int = MAX_LISTED) -> list[FileInfo]:
        """See `Files`."""
        first, behind = file_name(self.namespace, prefix), file_name(self.namespace, after)
        found = await until_available(lambda: self.objects.list(first, behind, limit))
        return [self._shown(info) for info in found]

    async def delete(self, name: str) -> None:
        """See `Files`."""
        await until_available(lambda: self._delete(file_name(self.namespace, name)))

    async def _put(self, name: str, data: bytes) -> ObjectInfo:
        await self._sweep()
        new = uuid4().hex
        old = await self.objects.info(name)
        note = await self._note(name, new, old)
        await self.objects.write(new, data)
        while True:
            try:
                info = await self.objects.link(name, new, data, old.revision if old else 0)
                break
            except ConflictError:
                # Someone else has written the file meanwhile; the last one stays.
                old = await self.objects.info(name)
                note = await self._note(name, new, old)
        if old:
            await self.objects.forget(old.id)
        await self.notes.purge(writing_key(new), before=note + 1)
        return info

    async def _delete(self, name: str) -> None:
        while (info := await self.objects.info(name)) is not None:
            try:
                if not info.deleted:
                    await self.objects.unlink(info)
            except ConflictError:
                continue
            await self.objects.forget(info.id)
            return

    async def _note(self, name: str, new: str, old: ObjectInfo | None) -> int:
        """Write down which bytes may be nobody's if this process vanishes; the note's revision."""
        note = _Note(name=name, ids=(new, old.id) if old else (new,), at=time.time())
        return await self.notes.put(writing_key(new), note.model_dump_json().encode())

    async def _sweep(self) -> None:
        """Remove what writers who vanished have left."""
        for entry in await self.notes.list(writing_key("*")):
            try:
                note = _Note.model_validate_json(entry.value)
            except ValidationError:
                # A newer version may have written it.
                continue
            if note.at > time.time() - ABANDONED:
                continue
            now = await self.objects.info(note.name)
            for object_id in note.ids:
                if now is None or now.deleted or now.id != object_id:
                    await self.objects.forget(object_id)
            await self.notes.purge(entry.key, before=entry.revision + 1)

    def _shown(self, info: ObjectInfo) -> FileInfo:
        name = info.name.removeprefix(file_name(self.namespace, ""))
        return FileInfo(name, info.size, f"sha256:{info.digest.hex()}", info.modified)


class _Note(Model):
    """Bytes that belong to a name, or are about to."""

    name: str
    ids: tuple[str, ...]
    #: Unix seconds.
    at: float
