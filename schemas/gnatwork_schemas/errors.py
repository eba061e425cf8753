"""The exceptions of Gnatwork.

    GnatworkError
    ├── MessageError            a message that can't be read
    │   └── UnknownVersionError
    ├── DefinitionError         a definition with faults, each with its pointer
    ├── TemplateError           a template that leads nowhere in this run
    ├── ConflictError           a conditional append was refused
    ├── MessageTooLargeError    a message that the server does not take
    ├── StoreFullError          the server's store has no room
    ├── UnavailableError        NATS does not answer
    │   └── NotReadyError       something that is needed has not started yet
    ├── TopologyError           streams or consumers that can't be made as described
    ├── LetterNotFoundError     no such dead letter
    ├── RedriveError            a dead letter that can't be sent once more
    │   └── LetterCutError
    ├── PayloadError            a stored value that can't be had
    └── ServerStartError        the embedded nats-server does not start

The docstring of an exception is its message; what is passed to it is added behind a colon.
"""

from typing import ClassVar

from gnatwork_schemas.problem import Fault


class GnatworkError(Exception):
    """Something went wrong in Gnatwork."""

    #: The error code, see `gnatwork_schemas.codes`.
    code: ClassVar[str] = "internal.error"

    def __init__(self, detail: str = "") -> None:
        summary = (self.__doc__ or "").strip().splitlines()[0]
        super().__init__(f"{summary.rstrip('.')}: {detail}" if detail else summary)
        self.detail = detail


class MessageError(GnatworkError):
    """A message is not of the form its subject promises; it is kept among the dead letters."""

    code = "message.invalid"


class UnknownVersionError(MessageError):
    """A message has a version that this service does not know; upgrade the service."""

    code = "message.unknown_version"


class DefinitionError(GnatworkError):
    """The definition has mistakes; mend those listed."""

    code = "definition.invalid"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.pointer or '/'} {fault.message}" for fault in faults))
        self.faults = faults


class InputError(DefinitionError):
    """The input does not meet the workflow's schema; mend what the pointers name."""

    code = "input.invalid"


class TemplateError(GnatworkError):
    """A path of a template leads nowhere; give it a default with `??` if that is expected."""

    code = "template.missing"


class ConflictError(GnatworkError):
    """Someone else appended first; read again before deciding anew."""

    code = "internal.error"


class MessageTooLargeError(GnatworkError):
    """A message is larger than the NATS server takes; make it smaller, or raise the server's `max_payload`."""

    code = "payload.too_large"


class StoreFullError(GnatworkError):
    """The store of the NATS server is full; give it more room with `max_file_store`."""

    code = "engine.store_full"


class UnavailableError(GnatworkError):
    """NATS does not answer; try again, or see `gnatwork doctor`."""

    code = "engine.unavailable"


class NotReadyError(UnavailableError):
    """Something that is needed has not started yet; whoever waits for it goes on as soon as it has."""


class TopologyError(GnatworkError):
    """NATS can't be set up as this version of Gnatwork needs it."""


class PayloadError(GnatworkError):
    """A stored value can't be had; it was purged with its run, or its store was lost."""

    code = "payload.missing"


class PayloadTooLargeError(PayloadError):
    """A value is larger than the engine carries; store it elsewhere and pass its address."""

    code = "payload.too_large"


class LetterNotFoundError(GnatworkError):
    """There is no such dead letter; it was discarded, redriven or has expired."""

    code = "letter.not_found"


class RedriveError(GnatworkError):
    """The dead letter can't be redriven; discard it if it is of no more use."""

    code = "letter.conflict"


class LetterCutError(RedriveError):
    """The dead letter holds only the beginning of its message; have its sender send it once more."""

    code = "letter.cut"


class ServerStartError(GnatworkError):
    """The embedded nats-server does not start."""
