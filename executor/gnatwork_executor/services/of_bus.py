"""The services of one executor process."""

from gnatwork_blocks.services.caller import Caller
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_bus.objects import Objects
from gnatwork_executor.services.files import BusFiles
from gnatwork_executor.services.keys import BusKeys
from gnatwork_executor.services.messages import BusMessages
from gnatwork_schemas.subjects import FILES_BUCKET, KEYS_BUCKET


class BusServices:
    """Made for each attempt that asks, which costs next to nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys = Bucket(connection, KEYS_BUCKET)
        self._files = Objects(connection, FILES_BUCKET)

    def messages(self, caller: Caller, /) -> BusMessages:
        """Messages of an attempt."""
        return BusMessages(self._connection, caller.traceparent)

    def keys(self, caller: Caller, /) -> BusKeys:
        """Keys of an attempt's namespace."""
        return BusKeys(self._keys, caller.namespace, caller.idempotency_key)

    def files(self, caller: Caller, /) -> BusFiles:
        """Files of an attempt's namespace."""
        return BusFiles(self._files, self._keys, caller.namespace)
