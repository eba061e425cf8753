"""The block types that are at hand: those that are installed, and those that a caller brings."""

from collections.abc import Iterable, Iterator, Mapping

from gnatwork_blocks import registry
from gnatwork_blocks.block import Block
from gnatwork_blocks.errors import UnknownBlockTypeError
from gnatwork_schemas.catalogue import BlockType


class LocalCatalogue(Mapping[str, BlockType]):
    """What a definition is compiled against. A block's module is imported when a definition first names its type."""

    def __init__(self, brought: Iterable[type[Block]] = ()) -> None:
        self._brought = {block.type: block for block in brought}
        self._entries: dict[str, BlockType] = {}
        self._instances: dict[str, Block] = {}

    def __getitem__(self, type_: str) -> BlockType:
        if (entry := self._entries.get(type_)) is None:
            entry = self._entries[type_] = registry.describe(self._class(type_))
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._brought, *registry.names())))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def block(self, type_: str) -> Block:
        """The one instance of a block type, as one process has it."""
        if (block := self._instances.get(type_)) is None:
            block = self._instances[type_] = self._class(type_)()
        return block

    def _class(self, type_: str) -> type[Block]:
        if (brought := self._brought.get(type_)) is not None:
            return brought
        try:
            return registry.load(type_)
        except UnknownBlockTypeError as error:
            raise KeyError(type_) from error
