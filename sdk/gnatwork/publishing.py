"""What a client does with events that start runs."""

from typing import Any, NamedTuple

from gnatwork.runs import RunHandle
from gnatwork.transport import Call, Transport


class PublishedRun(NamedTuple):
    """A run that an event has begun, or had begun before."""

    workflow: str
    #: The id of the trigger that listened.
    trigger: str
    run: RunHandle


class EventMethods:
    """The methods of a client that are about events."""

    _transport: Transport

    async def publish_event(self, subject: str, data: Any = None, *, id: str | None = None) -> list[PublishedRun]:  # noqa: A002 - its name in events
        """Begin a run for each event trigger of the namespace that listens to a subject; return once they are stored.

        Args:
            subject: such as `orders.created`, without wildcards.
            data: any JSON: the root `event` of the triggers' templates.
            id: names the event: the same once more, within a day, begins nothing, and yields the same runs.

        Raises:
            RequestError: the subject can't be listened to, or no executor evaluates the filter of a trigger.
            UnreachableError: nobody answers. Runs may have begun: repeat with the same `id`.
        """
        body = {"subject": subject, "data": data} | ({} if id is None else {"id": id})
        answer = await self._transport.call(Call(verb="events.publish", method="POST", path="/events", body=body))
        return [
            PublishedRun(one["workflow"], one["trigger"], RunHandle(self._transport, one["run_id"]))
            for one in answer["runs"]
        ]
