"""What a local run keeps beside its history: items of loops, and values that would be taken for references."""

from collections.abc import Mapping, Sequence
from typing import Any

from gnatwork_blocks.errors import BlockError
from gnatwork_engine.deferred import connections_of, loaded_key, resolve, stored_of
from gnatwork_schemas.errors import PayloadError
from gnatwork_schemas.payload import ItemRef, ItemsRef, PayloadRef, as_reference, is_reference, reference_value

#: Items have no pages where nothing is read from afar.
_ONE_PAGE = 1 << 62


class LocalValues:
    """The stored values of all runs of one flow."""

    def __init__(self) -> None:
        self._items: dict[str, Sequence[Any]] = {}
        self._payloads: dict[str, Any] = {}

    def put_items(self, items: Sequence[Any]) -> ItemsRef:
        """Keep the items of a loop."""
        name = f"items-{len(self._items)}"
        self._items[name] = items
        return ItemsRef(id=name, count=len(items), page_size=_ONE_PAGE)

    def guarded(self, value: Any) -> Any:
        """The value, or a reference to it where it looks like one itself."""
        if not is_reference(value):
            return value
        name = f"value-{len(self._payloads)}"
        self._payloads[name] = value
        return reference_value(PayloadRef(id=name, size=0, digest="local"))

    def whole(self, value: Any) -> Any:
        """The value, or what it stands for where it is a reference."""
        reference = as_reference(value)
        return value if reference is None else self.opened(reference)

    def opened(self, reference: PayloadRef | ItemRef) -> Any:
        """What a reference stands for. Raises PayloadError when there is nothing of the kind."""
        try:
            if isinstance(reference, ItemRef):
                return self._items[reference.id][reference.at]
            return self._payloads[reference.id]
        except LookupError:
            raise PayloadError(loaded_key(reference)) from None

    def resolved(self, config: Any, deferred: Sequence[str], connections: Mapping[str, Mapping[str, Any]]) -> Any:
        """A config with what its deferred leaves stand for.

        Raises:
            TemplateError: A path leads nowhere.
            PayloadError: A value is not there.
            BlockError: `connection.not_found`.
        """
        if not deferred:
            return config
        for name in connections_of(config, deferred):
            if name not in connections:
                raise BlockError("connection.not_found", f"No connection `{name}` was given to the local run.")
        loaded = {loaded_key(one): self.opened(one) for one in stored_of(config, deferred)}
        return resolve(config, deferred, loaded, connections)
