"""What blocks of a test share."""

from dataclasses import replace
from typing import Any

from gnatwork_blocks.resources import Resources
from gnatwork_blocks.services.memory import MemoryServices
from gnatwork_net.allow_list import AllowList


def resources(allow: str = "", **given: Any) -> Resources:
    """Resources that reach public addresses and those listed; those `given` stand in for their own."""
    return replace(Resources.allowing(AllowList.parse(allow), services=MemoryServices()), **given)
