"""Dead letters as the API shows them, and what comes of dealing with them."""

from gnatwork_schemas.messages import DeadLetter
from gnatwork_schemas.model import Model


class FoundDeadLetter(DeadLetter):
    """A message that no one could read. In lists `body` is cut after 1,000 characters."""

    #: The newest has the highest.
    id: int


class Redriven(Model):
    """Where the message of a dead letter is now."""

    stream: str
    subject: str
    #: Its new sequence in the stream.
    sequence: int


class Discarded(Model):
    """How many dead letters are gone."""

    discarded: int
