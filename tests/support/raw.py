"""What no client library would send, and any program can."""

import asyncio
from urllib.parse import urlsplit

import orjson


async def send_raw(url: str, *commands: bytes) -> None:
    """Send these commands of NATS' protocol as they are, and wait until the server has them."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    options = {"verbose": False, **({"auth_token": address.username} if address.username else {})}
    writer.write(b"CONNECT %s\r\n%sPING\r\n" % (orjson.dumps(options), b"".join(commands)))
    async with asyncio.timeout(30):
        while await reader.readline() != b"PONG\r\n":
            pass
    writer.close()
