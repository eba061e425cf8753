import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_blocks.body_buffer import BodyBuffer, BodyTooLargeError, ContentEncodingError


def bare(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def collected(chunks: list[bytes], coding: str = "", limit: int = 1000) -> bytes:
    buffer = BodyBuffer(limit, coding)
    for chunk in chunks:
        buffer.feed(chunk)
    return buffer.finish()


@given(st.binary(max_size=1000), st.sampled_from(["gzip", "deflate", "bare"]), st.integers(1, 50))
def test_what_was_compressed_comes_back(content: bytes, how: str, size: int) -> None:
    compress: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress, "bare": bare}
    sent = compress[how](content)
    chunks = [sent[at : at + size] for at in range(0, len(sent), size)]
    assert collected(chunks, "gzip" if how == "gzip" else "deflate") == content


def test_several_members_of_a_gzip_file_are_one_body() -> None:
    sent = gzip.compress(b"one ") + gzip.compress(b"two")
    assert collected([sent], " GZIP ") == b"one two"
    assert collected([bytes([byte]) for byte in sent], "x-gzip") == b"one two"
    assert collected([sent + b"\0\0padding"], "gzip") == b"one two"


@pytest.mark.parametrize("coding", ["", "identity", "gzip", "deflate"])
def test_no_body_is_none_however_it_is_encoded(coding: str) -> None:
    assert collected([], coding) == collected([b""], coding) == b""


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "chunked"])
def test_an_encoding_that_was_not_asked_for(coding: str) -> None:
    with pytest.raises(ContentEncodingError, match=coding):
        BodyBuffer(10, coding)


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([b"plain text"], "not compressed"),
        ([b"p"], "early"),
        ([gzip.compress(b"hello")[:-4]], "early"),
        ([gzip.compress(b"hello"), gzip.compress(b"hello")[:-4]], "early"),
        ([gzip.compress(b"hello")[:-8], b"\0" * 8], "damaged"),
        ([b"\x1f\x8b\xff\xff", b"\xff" * 100], "damaged"),
    ],
)
def test_what_is_not_as_its_header_says(chunks: list[bytes], reason: str) -> None:
    with pytest.raises(ContentEncodingError, match=reason):
        collected(chunks, "gzip")


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_the_limit_is_exact(coding: str) -> None:
    content = b"x" * 100
    sent = gzip.compress(content) if coding else content
    assert collected([sent], coding, limit=100) == content
    buffer = BodyBuffer(99, coding)
    with pytest.raises(BodyTooLargeError):
        buffer.feed(sent)
    assert buffer.so_far() == b"x" * 99


def test_a_bomb_is_not_unpacked_beyond_the_limit() -> None:
    buffer = BodyBuffer(1000, "gzip")
    with pytest.raises(BodyTooLargeError):
        buffer.feed(gzip.compress(b"\0" * 50_000_000))
    assert len(buffer.so_far()) == 1000
