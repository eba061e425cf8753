"""How much of a manager one client, or all of them, may hold."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HttpBounds:
    """Bounds of connections; times are seconds, sizes bytes."""

    #: Connections at once. Probes are answered beyond it, everything else gets 503.
    connections: int = 4096
    #: From the first byte of a request, or from the connection's begin, to the end of the headers.
    head_timeout: float = 10.0
    #: For a body, beside what `rate` gives it.
    body_timeout: float = 20.0
    #: Bytes a second that a body must bring, and an answer must be read with, in the long run.
    rate: float = 1024.0
    #: How long an answer may wait for a reader who takes next to nothing of it.
    write_timeout: float = 30.0
    #: What is still read of a body after its answer, so that the answer arrives.
    linger: float = 5.0
    #: Between two requests; longer than proxies keep theirs, so that they close first.
    keep_alive: float = 75.0
    #: Of the URL of a request.
    url: int = 16 * 1024
    #: Of the names and values of all headers of a request.
    head: int = 64 * 1024
    #: Headers of a request.
    headers: int = 128
    #: Requests that a connection may have sent ahead of their answers.
    pipeline: int = 64
    #: Between two looks at the connections.
    tick: float = 1.0
    #: What requests under way get when the manager stops.
    grace: float = 10.0
