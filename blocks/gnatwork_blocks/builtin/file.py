"""`file`: keeps files beyond the run."""

import asyncio
import base64
import binascii
from typing import Annotated, Any, ClassVar, Literal, Self

import orjson
from pydantic import BaseModel, Field, model_validator

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.services.files import MAX_FILE, MAX_LISTED, FileInfo, FileName
from gnatwork_schemas.model import StrictModel

Format = Literal["text", "base64", "json"]


class File(Block):
    """Writes, reads, lists and removes files in an object store of NATS."""

    type = "file"
    title = "File"
    summary = "Writes, reads, lists or removes a file that outlives the run."
    icon = "file"
    category = "data"
    capabilities = ("network", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"put": "reports/{{ input.day }}.csv", "content": "{{ input.csv }}"},
        {"get": "reports/{{ input.day }}.csv"},
        {"list": "reports/"},
        {"delete": "reports/{{ input.day }}.csv"},
    )

    class Config(StrictModel):
        """What to do with which file; one of `put`, `get`, `list` and `delete`."""

        put: FileName | None = Field(default=None, description="Name of a file to write, whether there is one or not.")
        content: Any = Field(default=None, description="With `put`: what to write, up to 32 MiB.")
        get: FileName | None = Field(default=None, description="Name of a file to read.")
        list: Annotated[str, Field(max_length=255)] | None = Field(
            default=None, description="What names of files begin with that are to be listed; all for an empty text."
        )
        delete: FileName | None = Field(
            default=None, description="Name of a file to remove; one that is not there is as good as removed."
        )
        format: Format | None = Field(
            default=None,
            description="How `content` stands for the bytes of the file, both ways; a text that is not `base64` is"
            " UTF-8. Without, `put` writes a text as it is and anything else as JSON, and `get` reads text.",
        )
        after: str = Field(default="", max_length=255, description="With `list`: go on behind this name.")
        limit: int = Field(default=MAX_LISTED, ge=1, le=MAX_LISTED, description="With `list`: so many at most.")
        max_bytes: int = Field(default=MAX_FILE, ge=1, le=MAX_FILE, description="With `get`: the largest file to read.")

        @model_validator(mode="after")
        def _check(self) -> Self:
            ways = [name for name in ("put", "get", "list", "delete") if getattr(self, name) is not None]
            if len(ways) != 1:
                raise ValueError("give one of put, get, list and delete")
            if (self.put is not None) is not ("content" in self.model_fields_set):
                raise ValueError("put needs content, and only put")
            if self.format and ways[0] not in {"put", "get"}:
                raise ValueError("format goes with put and get")
            if ways[0] != "list" and self.model_fields_set & {"after", "limit"}:
                raise ValueError("after and limit go with list")
            if ways[0] != "get" and "max_bytes" in self.model_fields_set:
                raise ValueError("max_bytes goes with get")
            return self

    class Output(BaseModel):
        """The file, or the files."""

        name: str | None = Field(default=None, description="Of the file.")
        size: int | None = Field(default=None, description="Bytes.")
        digest: str | None = Field(default=None, description="`sha256:` and the digest of the bytes.")
        content: Any = Field(default=None, description="With `get`: what is in it.")
        files: list[dict[str, Any]] | None = Field(
            default=None, description="With `list`: `{name, size, digest, modified}` of each, by name; Unix seconds."
        )

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Do it."""
        if config.put is not None:
            data = await asyncio.to_thread(_written, config.content, config.format)
            return _shown(await ctx.files.put(config.put, data))
        if config.get is not None:
            info, data = await ctx.files.get(config.get, max_bytes=config.max_bytes)
            return {**_shown(info), "content": await asyncio.to_thread(_read, data, config.format or "text")}
        if config.list is not None:
            found = await ctx.files.list(config.list, after=config.after, limit=config.limit)
            return {"files": [{**_shown(info), "modified": info.modified} for info in found]}
        await ctx.files.delete(config.delete or "")
        return {"name": config.delete}


def _shown(info: FileInfo) -> dict[str, Any]:
    return {"name": info.name, "size": info.size, "digest": info.digest}


def _written(content: Any, format_: Format | None) -> bytes:
    if format_ == "json" or (format_ is None and not isinstance(content, str)):
        return orjson.dumps(content)
    if not isinstance(content, str):
        raise BlockError("file.invalid", f"For the format {format_!r}, the content has to be a text.")
    if format_ != "base64":
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        raise BlockError("file.invalid", "The content is not base64.") from None


def _read(data: bytes, format_: Format) -> Any:
    try:
        match format_:
            case "base64":
                return base64.b64encode(data).decode()
            case "json":
                return orjson.loads(data)
            case "text":
                return data.decode()
    except (UnicodeDecodeError, orjson.JSONDecodeError) as error:
        wanted = "JSON" if format_ == "json" else "UTF-8; read it with the format `base64`"
        raise BlockError("file.invalid", f"The file is not {wanted}: {error}.") from None
