"""supervisord, woken by signals.

Its loop looks at signals and due starts once a second. A signal that writes to a descriptor of that loop wakes it at
once, which takes seconds off every start and stop.
"""

import signal
import socket

from supervisor.medusa import asyncore_25 as asyncore
from supervisor.supervisord import main


class WakeUp:
    """The reading end of a socket pair, in the shape that supervisord's loop expects of its sockets."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def install(self) -> None:
        """Let every signal write to the pair, and write once now: the first start need not wait either."""
        asyncore.socket_map[self._reader.fileno()] = self
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._writer.send(b"\0")

    def readable(self) -> bool:
        """Always of interest."""
        return True

    def writable(self) -> bool:
        """Never written to by the loop."""
        return False

    def handle_read_event(self) -> None:
        """Take what is there; having been woken is all that matters."""
        self._reader.recv(4096)

    def handle_error(self) -> None:
        """Nothing can go wrong that waiting for the next second would not mend."""


if __name__ == "__main__":
    WakeUp().install()
    main()
