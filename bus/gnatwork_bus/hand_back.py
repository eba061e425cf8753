"""Handing work items back, so that it does not count against them.

The server counts all deliveries of an item alike. Those that an executor has ended itself, because it leaves or has no
place, leave a note; what is left is the number of executors that vanished with the item.
"""

from gnatwork_bus.connection import Connection
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.direct import read_all
from gnatwork_schemas.subjects import PAYLOADS, handed_back, parse_work


def hand_back(connection: Connection, delivery: Delivery, delay: float | None = None) -> None:
    """Give an item back to the queue, to be delivered again after `delay` seconds, and note that it is not at fault."""
    if delivery.settled:
        return
    try:
        item = parse_work(delivery.subject)
    except ValueError:
        # No one can read it, so no one will count its deliveries.
        delivery.nak()
        return
    # Not waited for: a note that is lost counts as an executor that is.
    connection.send(handed_back(item, delivery.delivered), b"{}")
    delivery.nak(delay)


async def vanished(connection: Connection, delivery: Delivery) -> int:
    """How many executors had this item and did not give it back; UnavailableError."""
    notes = await read_all(connection, PAYLOADS, handed_back(parse_work(delivery.subject), "*"))
    return delivery.delivered - 1 - len(notes)
