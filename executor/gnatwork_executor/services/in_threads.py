"""What a block in a thread has of what its process shares."""

from gnatwork_blocks.resources import Resources
from gnatwork_blocks.services import Files, Keys, Messages
from gnatwork_blocks.services.caller import Caller
from gnatwork_blocks.shared import Shared
from gnatwork_executor.threads import for_the_loop_alone


class ThreadServices:
    """None: they are awaited on the event loop, and whoever asks for one is told so."""

    def messages(self, caller: Caller, /) -> Messages:  # noqa: ARG002 - as all services
        """RuntimeError."""
        found: Messages = for_the_loop_alone()
        return found

    def keys(self, caller: Caller, /) -> Keys:  # noqa: ARG002 - as all services
        """RuntimeError."""
        found: Keys = for_the_loop_alone()
        return found

    def files(self, caller: Caller, /) -> Files:  # noqa: ARG002 - as all services
        """RuntimeError."""
        found: Files = for_the_loop_alone()
        return found


def refused_in_threads(resources: Resources) -> Resources:
    """Likewise of all else that is awaited there."""
    return Resources(
        http=Shared(for_the_loop_alone),
        javascript=Shared(for_the_loop_alone),
        python=Shared(for_the_loop_alone),
        guard=resources.guard,
        sql=Shared(for_the_loop_alone),
        services=ThreadServices(),
    )
