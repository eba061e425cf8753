"""A lean HTTP/1.1 client, so that what is measured is the manager and not its caller."""

import asyncio
from urllib.parse import urlsplit

import orjson


async def post_many(url: str, token: str, body: object, count: int, *, connections: int = 32) -> list[str]:
    """POST the same body `count` times over kept-alive connections; the run ids of the answers."""
    parts = urlsplit(url)
    data = orjson.dumps(body)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    request = head.encode() + data
    left = iter(range(count))
    runs: list[str] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for _ in left:
            writer.write(request)
            runs.append(orjson.loads(await _answer(reader))["run_id"])
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return runs


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """The body of a 202; RuntimeError for any other answer."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    length = next(line.split(":")[1] for line in lines if line.lower().startswith("content-length:"))
    body = await reader.readexactly(int(length))
    if " 202 " not in lines[0]:
        raise RuntimeError(f"{lines[0]}: {body.decode()}")
    return body
