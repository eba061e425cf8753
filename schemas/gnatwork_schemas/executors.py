"""Who hosts which block types, as executors say it for as long as they live."""

from collections.abc import Iterable

from pydantic import Field, ValidationError

from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.messages import Message
from gnatwork_schemas.names import BlockTypeName


class LivingExecutor(Message):
    """What an executor says of itself, on a lease that it renews: gone a minute after the executor has."""

    #: What it calls itself.
    executor: str
    #: Unix seconds.
    started_at: float
    #: The versions of the block types that it hosts.
    blocks: dict[BlockTypeName, str]
    #: Block types, or packages of them, that it was told to host and can't, with the reasons.
    disabled: dict[str, str] = Field(default_factory=dict)


def read_leases(values: Iterable[bytes]) -> list[LivingExecutor]:
    """The executors that live, by their leases; without those that say it in words that are not understood."""
    found: list[LivingExecutor] = []
    for value in values:
        try:
            found.append(LivingExecutor.model_validate_json(value))
        except ValidationError:
            # Anyone may write an executor, and a newer one may say more; that is no reason for others to fail.
            continue
    return found


class ListedBlock(BlockType):
    """A catalogue entry, and who hosts it now."""

    #: The names of living executors; null for what the engine runs itself.
    executors: tuple[str, ...] | None = None
