import base64
import hashlib
from typing import Any

import pytest

from gnatwork_blocks.builtin.file import File
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_blocks.testing import run_block


async def file(ctx: BlockContext, **config: Any) -> Any:
    return await run_block(File, config, ctx)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"content": "größe"}, {"content": "größe"}),
        ({"content": ""}, {"content": ""}),
        ({"content": {"a": [1]}}, {"content": '{"a":[1]}'}),
        ({"content": {"a": [1]}}, {"format": "json", "content": {"a": [1]}}),
        ({"content": "text", "format": "json"}, {"content": '"text"'}),
        ({"content": "/wA=", "format": "base64"}, {"format": "base64", "content": "/wA="}),
        ({"content": "aGk=", "format": "base64"}, {"content": "hi"}),
        ({"content": "aGk=", "format": "text"}, {"format": "base64", "content": base64.b64encode(b"aGk=").decode()}),
    ],
)
async def test_a_file_is_written_and_read(ctx: BlockContext, written: Any, read: Any) -> None:
    await file(ctx, put="it", **written)
    content = read.pop("content")
    assert (await file(ctx, get="it", **read))["content"] == content


async def test_size_and_digest_are_those_of_the_bytes(ctx: BlockContext) -> None:
    output = await file(ctx, put="it", content="größe")
    data = "größe".encode()
    expected = {"name": "it", "size": len(data), "digest": f"sha256:{hashlib.sha256(data).hexdigest()}"}
    assert output == expected
    assert await file(ctx, get="it") == {**expected, "content": "größe"}


async def test_files_are_listed_and_removed(ctx: BlockContext) -> None:
    for name in ("b/1", "a", "b/2"):
        await file(ctx, put=name, content=name)
    assert [one["name"] for one in (await file(ctx, list=""))["files"]] == ["a", "b/1", "b/2"]
    (second,) = (await file(ctx, list="b/", after="b/1", limit=5))["files"]
    assert second["size"] == 3
    assert await file(ctx, delete="b/2") == {"name": "b/2"}
    assert [one["name"] for one in (await file(ctx, list="b/"))["files"]] == ["b/1"]


@pytest.mark.parametrize(
    ("stored", "config", "code"),
    [
        (None, {"get": "it"}, "file.not_found"),
        ("12345", {"get": "it", "max_bytes": 4}, "file.too_large"),
        ("no json", {"get": "it", "format": "json"}, "file.invalid"),
        (None, {"put": "it", "content": "no base64!", "format": "base64"}, "file.invalid"),
        (None, {"put": "it", "content": [1], "format": "text"}, "file.invalid"),
    ],
)
async def test_what_can_go_wrong(ctx: BlockContext, stored: str | None, config: Any, code: str) -> None:
    if stored is not None:
        await file(ctx, put="it", content=stored)
    with pytest.raises(BlockError) as caught:
        await file(ctx, **config)
    assert caught.value.code == code


async def test_bytes_that_are_no_text_are_not_read_as_such(ctx: BlockContext) -> None:
    await file(ctx, put="it", content="/w==", format="base64")
    with pytest.raises(BlockError) as caught:
        await file(ctx, get="it")
    assert "base64" in caught.value.message


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"put": "a"},
        {"put": "", "content": "x"},
        {"put": "a" * 256, "content": "x"},
        {"put": "a", "get": "b", "content": "x"},
        {"get": "a", "content": "x"},
        {"list": "", "format": "text"},
        {"list": "", "limit": 1001},
        {"get": "a", "after": "b"},
        {"put": "a", "content": "", "max_bytes": 1},
        {"get": "a", "format": "xml"},
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, config: Any) -> None:
    with pytest.raises(BlockError) as caught:
        await file(ctx, **config)
    assert caught.value.code == "block.config_invalid"
