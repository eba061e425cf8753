import base64

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.dead_letters import bury, list_letters
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import DeadLetter

ERROR = ErrorInfo(code="message.invalid", message="A message is not JSON.")


async def bury_one(bus: Connection, data: bytes, sequence: int = 7) -> DeadLetter:
    number = await bury(bus, "WORK", "block.a.normal.b.c.d.1.input", sequence, ERROR, data, 1_700_000_000.5)
    [buried] = await list_letters(bus, limit=1)
    assert buried.id == number
    return buried.letter


async def test_keeps_a_text_as_it_is(bus: Connection) -> None:
    letter = await bury_one(bus, "{nö".encode())
    assert letter == DeadLetter(
        stream="WORK",
        subject="block.a.normal.b.c.d.1.input",
        sequence=7,
        error=ERROR,
        body="{nö",
        encoding="utf-8",
        size=4,
        at=1_700_000_000.5,
    )


async def test_keeps_bytes_as_base64(bus: Connection) -> None:
    data = bytes(range(256))
    letter = await bury_one(bus, data)
    assert letter.encoding == "base64"
    assert base64.b64decode(letter.body) == data


@pytest.mark.parametrize("data", [b"a" * 1_000_000, b"\x01" * 1_000_000, b"\xff" * 1_000_000, "ü".encode() * 500_000])
async def test_keeps_the_beginning_of_what_is_too_long(bus: Connection, data: bytes) -> None:
    letter = await bury_one(bus, data)
    assert letter.size == 1_000_000
    body = base64.b64decode(letter.body) if letter.encoding == "base64" else letter.body.encode()
    assert data.startswith(body)
    assert len(body) >= 500_000


async def test_keeps_a_message_once(bus: Connection) -> None:
    await bury_one(bus, b"x")
    await bury_one(bus, b"x")
    assert len(await list_letters(bus)) == 1


async def test_lies_under_its_stream_and_reason(bus: Connection) -> None:
    await bury_one(bus, b"x", sequence=12)
    info = await bus.api("STREAM.INFO.DEAD_LETTERS", {"subjects_filter": ">"})
    assert info["state"]["subjects"] == {"dead.WORK.12.message.invalid": 1}


async def test_none(bus: Connection) -> None:
    assert await list_letters(bus) == []


async def test_the_newest_first_in_pages(bus: Connection) -> None:
    for sequence in range(1, 26):
        await bury_one(bus, b"x", sequence)
    # Some are gone, as after a redrive.
    for number in (3, 4, 20, 25):
        await bus.api("STREAM.MSG.DELETE.DEAD_LETTERS", {"seq": number})
    pages = []
    before = None
    while page := await list_letters(bus, before=before, limit=8):
        pages.append([buried.letter.sequence for buried in page])
        before = page[-1].id
    assert [len(page) for page in pages] == [8, 8, 5]
    assert [sequence for page in pages for sequence in page] == [
        number for number in range(25, 0, -1) if number not in {3, 4, 20, 25}
    ]


async def test_long_letters_in_one_page(bus: Connection) -> None:
    for sequence in range(1, 13):
        await bury_one(bus, b"a" * 520_000, sequence)
    assert [buried.letter.sequence for buried in await list_letters(bus)] == list(range(12, 0, -1))
