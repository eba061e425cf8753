from typing import Any

import pytest

from gnatwork_manager.replies import Reply, parse_reply


def test_a_reply_is_passed_on() -> None:
    reply = parse_reply({"status": 404, "headers": {"X-A": "b"}, "body": {"a": 1}})
    assert reply == Reply(404, {"X-A": "b"}, {"a": 1})


@pytest.mark.parametrize(
    "output",
    [
        None,
        "text",
        {"status": "200"},
        {"status": True},
        {"status": 199},
        {"status": 101},
        {"status": 600},
        {"status": 200, "headers": ["a"]},
    ],
)
def test_what_is_no_reply(output: Any) -> None:
    assert parse_reply(output) is None


def test_headers_of_the_connection_and_forgeries_are_left_out() -> None:
    headers = {
        "Connection": "close",
        "Content-Length": "1",
        "TRANSFER-ENCODING": "chunked",
        "Date": "today",
        "bad name": "x",
        "": "x",
        "X-Split": "a\r\nSet-Cookie: b",
        "X-Wide": "€",
        "X-List": ["a"],
        "X-True": True,
        "X-Number": 7,
        "Set-Cookie": "a=b; HttpOnly",
    }
    reply = parse_reply({"headers": headers})
    assert reply
    assert reply.headers == {"X-Number": "7", "Set-Cookie": "a=b; HttpOnly"}


@pytest.mark.parametrize(
    ("reply", "content", "content_type"),
    [
        (Reply(200, {}, "ä"), "ä".encode(), "text/plain; charset=utf-8"),
        (Reply(200, {"content-TYPE": "text/html"}, "<p>"), b"<p>", "text/html"),
        (Reply(200, {}, {"a": [1]}), b'{"a":[1]}', "application/json"),
        (Reply(200, {"Content-Type": "application/vnd.a+json"}, 7), b"7", "application/vnd.a+json"),
        (Reply(200, {}, False), b"false", "application/json"),
        (Reply(200, {}, None), b"", None),
        (Reply(204, {}, "text"), b"", None),
    ],
)
def test_content(reply: Reply, content: bytes, content_type: str | None) -> None:
    data, headers = reply.content()
    assert data == content
    assert {name.lower(): value for name, value in headers.items()}.get("content-type") == content_type
