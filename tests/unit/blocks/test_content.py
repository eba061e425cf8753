import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_blocks.content import Body, read_body, read_text


@pytest.mark.parametrize(
    ("content", "content_type", "value"),
    [
        (b'{"a": [1, 2.5, null]}', "application/json", {"a": [1, 2.5, None]}),
        (b'{"a": 1}', "application/problem+json; charset=utf-8", {"a": 1}),
        (b"\xef\xbb\xbf[1]", "application/json", [1]),
        ("[\"é\"]".encode("latin-1"), "application/json; charset=iso-8859-1", ["é"]),
        ('["é"]'.encode("utf-16"), "application/json", ["é"]),
        (b"<html>", "application/json", "<html>"),
        (b"NaN", "application/json", "NaN"),
        (b"[" * 100_000, "application/json", "[" * 100_000),
        (b"", "application/json", None),
        (b'{"a": 1}', "text/plain", '{"a": 1}'),
        (b"", "text/html", ""),
        (b"<a/>", "application/atom+xml", "<a/>"),
        (b"<a/>", "application/xml", "<a/>"),
        (b"a: 1", "application/yaml", "a: 1"),
        (b"hello", "nonsense", "hello"),
        ("é".encode(), "", "é"),
        (b"", "", None),
        (b"", "image/png", None),
    ],
)  # fmt: skip
def test_bodies_with_a_value(content: bytes, content_type: str, value: object) -> None:
    assert read_body(content, content_type) == Body(value)


@pytest.mark.parametrize(
    ("content", "content_type", "base64"),
    [(b"\x89PNG", "image/png", "iVBORw=="), (b"\xff\xfe\xfd\x80", "", "//79gA=="), (b"a\0b", "", "YQBi")],
)
def test_bodies_of_bytes(content: bytes, content_type: str, base64: str) -> None:
    assert read_body(content, content_type) == Body(base64, "base64")


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        ("é".encode(), None, "é"),
        ("é".encode("latin-1"), None, "é"),
        ("é".encode("latin-1"), "ISO-8859-1", "é"),
        ("“é”".encode("cp1252"), "iso-8859-1", "“é”"),
        ("“é”".encode("cp1252"), "us-ascii", "“é”"),
        ("日本".encode("shift_jis"), "Shift_JIS", "日本"),
        ("日本".encode("euc-jp"), " euc-jp ", "日本"),
        ("日本".encode(), "no-such-charset", "日本"),
        ("日本".encode(), "hex", "日本"),
        ("日本".encode(), "punycode", "日本"),
        ("日本".encode(), "unicode_escape", "日本"),
        ("日本".encode(), "utf-7", "日本"),
        ("日本".encode(), "a\0b", "日本"),
        ("日本".encode("utf-16-le"), "utf-16-le", "日本"),
        (b"\xff\xfe" + "日本".encode("utf-16-le"), "utf-8", "日本"),
        (b"\xfe\xff" + "日本".encode("utf-16-be"), None, "日本"),
        (b"\xef\xbb\xbfabc", "iso-8859-1", "abc"),
        (b"a\xffb", "utf-8", "a\ufffdb"),
        (b"\x81", None, "\ufffd"),
        (b"", None, ""),
    ],
)
def test_text_by_its_charset(content: bytes, charset: str | None, text: str) -> None:
    assert read_text(content, charset) == text


@pytest.mark.parametrize(
    "declaration",
    [
        '<meta charset="windows-1251">',
        "<META CHARSET=windows-1251>",
        '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
        '<?xml version="1.0" encoding="windows-1251"?>',
    ],
)
def test_a_document_may_declare_its_charset(declaration: str) -> None:
    page = f"<html>{declaration}<p>привет"
    assert read_text(page.encode("windows-1251")) == page
    assert "привет" not in read_text((" " * 1024 + page).encode("windows-1251"))


def test_a_document_that_calls_itself_utf_16_can_not_be() -> None:
    assert read_text('<meta charset="utf-16">é'.encode()) == '<meta charset="utf-16">é'


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "utf-16", "latin-1", "gbk", "koi8-r", "big5", "x"]))
def test_no_byte_is_an_error(content: bytes, charset: str | None) -> None:
    assert isinstance(read_text(content, charset), str)
