"""Answers to what is no request: written by hand, since no application ever sees it. Pure."""

from collections.abc import Iterable
from http import HTTPStatus

from starlette.responses import Response

from gnatwork_manager.problems import ProblemError, error_response
from gnatwork_manager.run_ids import new_run_id


def refusal(error: ProblemError, headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """A problem as it goes over the wire, with the word that the connection ends with it."""
    response: Response = error_response(error)
    status = HTTPStatus(response.status_code)
    own = [header for header in response.raw_headers if header[0] != b"connection"]
    more = ((b"x-request-id", new_run_id().encode()), (b"connection", b"close"))
    lines = [name + b": " + value for name, value in (*headers, *own, *more)]
    return b"\r\n".join([f"HTTP/1.1 {status.value} {status.phrase}".encode(), *lines, b"", bytes(response.body)])
