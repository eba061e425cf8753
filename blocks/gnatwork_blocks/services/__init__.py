"""What blocks have of an installation's NATS, without knowing it: messages, keys and files.

An executor stands behind them with the real ones, `memory` with ones for tests and for flows without an installation.
"""

from typing import Protocol

from gnatwork_blocks.services.caller import Caller
from gnatwork_blocks.services.files import Files
from gnatwork_blocks.services.keys import Keys
from gnatwork_blocks.services.messages import Messages

__all__ = ["Files", "Keys", "Messages", "Services"]


class Services(Protocol):
    """The services of a process, each as one attempt may use it."""

    def messages(self, caller: Caller, /) -> Messages:
        """Messages to other programs."""

    def keys(self, caller: Caller, /) -> Keys:
        """The keys of the attempt's namespace."""

    def files(self, caller: Caller, /) -> Files:
        """The files of the attempt's namespace."""
