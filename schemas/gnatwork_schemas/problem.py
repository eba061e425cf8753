"""Errors of the API: RFC 9457 problem details."""

from pydantic import Field

from gnatwork_schemas.model import Model


def plain(message: str) -> str:
    """A finding of pydantic without the words that it puts before a validator's own."""
    return message.removeprefix("Value error, ")


class Fault(Model):
    """One mistake in what was sent."""

    #: JSON Pointer (RFC 6901) into what was sent.
    pointer: str
    code: str
    #: What is wrong and what to do about it.
    message: str


class Problem(Model):
    """The body of every answer that is an error, `application/problem+json`."""

    #: The page of the error code.
    type: str = "about:blank"
    title: str
    status: int
    #: The error code, dotted lower case.
    code: str
    detail: str
    errors: tuple[Fault, ...] = Field(default=())
