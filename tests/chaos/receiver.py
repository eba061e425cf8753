"""The outside world: takes the calls of `hook` blocks, writes each down before it answers, and is not always well."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson

#: The longest that an answer takes, seconds.
_SLOWEST = 0.12
#: How often `/flaky` refuses at most.
REFUSALS = 2


def refusals(number: int) -> int:
    """How often `/flaky` refuses the calls of a run before it takes one."""
    return number % (REFUSALS + 1)


class Receiver:
    """`/ok` takes everything, `/flaky` refuses a few times, `/down` always, `/gone` for good."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("ab", buffering=0)
        self._calls: Counter[str] = Counter()
        self.url = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen on a free port for as long as the context lasts."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()
            self._log.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.rstrip("\r\n").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                status, wait = self._take(first.split()[1], headers, orjson.loads(body))
                await asyncio.sleep(wait)
                writer.write(b"HTTP/1.1 %d Said\r\ncontent-length: 0\r\n\r\n" % status)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _take(self, path: str, headers: dict[str, str], body: Any) -> tuple[int, float]:
        """The status of the answer, and the seconds that it takes."""
        key = headers.get("webhook-id", "")
        number = int(body.get("n", 0))
        status = self._status(path, key, number)
        self._calls[key] += 1
        call = {
            "at": time.time(),
            "path": path,
            "webhook_id": key,
            "idempotency_key": headers.get("idempotency-key"),
            "n": number,
            "status": status,
        }
        self._log.write(orjson.dumps(call) + b"\n")
        return status, number * 37 % 100 / 100 * _SLOWEST

    def _status(self, path: str, key: str, number: int) -> int:
        match path:
            case "/flaky":
                return 503 if self._calls[key] < refusals(number) else 200
            case "/down":
                return 503
            case "/gone":
                return 404
            case _:
                return 200
