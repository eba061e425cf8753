"""Control blocks as bytes, and the digest that addresses them."""

from hashlib import sha256

import orjson

from gnatwork_schemas.control_block import ControlBlock

#: Bytes of an encoded control block: it is one message, and NATS takes 1 MiB with subject and headers.
MAX_SIZE = 900 * 1024


def encode(control_block: ControlBlock) -> bytes:
    """The same bytes for the same control block.

    Fields stand in the order of the models and keys of a config in that of the definition, because it may matter to a
    block. Defaults are left out, so another default needs another `v`.
    """
    document = control_block.model_dump(mode="json", exclude_defaults=True)
    return orjson.dumps({"v": control_block.v, **document})


def digest(encoded: bytes) -> str:
    """`sha256-<hex>`: the name of an encoded control block, fit for a key."""
    return f"sha256-{sha256(encoded).hexdigest()}"
