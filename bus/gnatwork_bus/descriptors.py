"""What a stream, a bucket or a consumer is to be, as data; the server's configuration follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from gnatwork_schemas import subjects

_SECOND = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class StreamDescriptor:
    """A stream, always on file storage and open to direct reads."""

    name: str
    #: The subjects that it stores.
    subjects: tuple[str, ...]
    #: `workqueue`: an acknowledged message is gone.
    retention: Literal["limits", "workqueue"] = "limits"
    #: Messages kept per subject; None for all.
    per_subject: int | None = None
    #: What happens when `per_subject` or `max_bytes` is reached: the oldest message goes, or the new one is refused.
    discard: Literal["old", "new"] = "old"
    #: Seconds that a message is kept; None for ever.
    max_age: float | None = None
    #: Bytes that the stream may take; None for all there are.
    max_bytes: int | None = None
    #: What the server publishes again once it is stored: a pattern and where to.
    republish: tuple[str, str] | None = None
    #: Whether messages may be timers; can't be taken back.
    schedules: bool = False
    #: Whether messages may carry a time to live; can't be taken back.
    message_ttl: bool = False
    #: Seconds that the server keeps a marker in the place of a subject's last message when that expires; None for none.
    marker_ttl: float | None = None
    #: Whether a message may replace all others of its subject.
    rollup: bool = False
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def config(self) -> dict[str, Any]:
        """The settings of JetStream's API that this description decides, replicas aside."""
        return {
            "name": self.name,
            "subjects": list(self.subjects),
            "retention": self.retention,
            "storage": "file",
            "max_msgs": -1,
            "max_msgs_per_subject": self.per_subject or -1,
            "max_bytes": self.max_bytes or -1,
            "max_age": int((self.max_age or 0) * _SECOND),
            "max_msg_size": -1,
            "discard": self.discard,
            "discard_new_per_subject": self.discard == "new" and self.per_subject is not None,
            "allow_direct": True,
            "allow_msg_schedules": self.schedules,
            "allow_msg_ttl": self.message_ttl,
            "subject_delete_marker_ttl": int((self.marker_ttl or 0) * _SECOND),
            "allow_rollup_hdrs": self.rollup,
            "republish": {"src": self.republish[0], "dest": self.republish[1]} if self.republish else None,
            # We never send message ids, so there is nothing to remember; one second is the least trouble.
            "duplicate_window": _SECOND,
            "metadata": dict(self.metadata),
        }


@dataclass(frozen=True, kw_only=True)
class BucketDescriptor:
    """A key-value bucket that keeps the last value of each key."""

    name: str
    #: Seconds that a value is kept; None for ever.
    ttl: float | None = None
    #: Whether single values may expire, each leaving a marker for as many seconds; None: they may not.
    marker_ttl: float | None = None

    def stream(self) -> StreamDescriptor:
        """The stream behind it."""
        return StreamDescriptor(
            name=subjects.bucket_stream(self.name),
            subjects=(subjects.bucket_subject(self.name, ">"),),
            per_subject=1,
            max_age=self.ttl,
            message_ttl=self.marker_ttl is not None,
            marker_ttl=self.marker_ttl,
            rollup=True,
        )


@dataclass(frozen=True, kw_only=True)
class ConsumerDescriptor:
    """A durable consumer from which clients pull, acknowledging each message."""

    stream: str
    name: str
    #: The messages it hands out.
    filter: str
    #: Seconds after which an unacknowledged message is handed out again.
    ack_wait: float
    #: Messages that may be unacknowledged at once, over all clients.
    max_ack_pending: int
    #: The priority group in which one client at a time is served; None serves all.
    pinned_group: str | None = None
    #: Seconds without a pull after which the next client takes the pin.
    pin_timeout: float = 2.0
    #: Where it begins: with all messages of the stream, or with those that come from then on.
    deliver: Literal["all", "new"] = "all"
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def config(self) -> dict[str, Any]:
        """The settings of JetStream's API that this description decides."""
        config: dict[str, Any] = {
            "name": self.name,
            "durable_name": self.name,
            "deliver_policy": self.deliver,
            "ack_policy": "explicit",
            "ack_wait": int(self.ack_wait * _SECOND),
            "max_deliver": -1,
            "max_ack_pending": self.max_ack_pending,
            "filter_subject": self.filter,
        }
        if self.metadata:
            config["metadata"] = dict(self.metadata)
        if self.pinned_group:
            config["priority_groups"] = [self.pinned_group]
            config["priority_policy"] = "pinned_client"
            config["priority_timeout"] = int(self.pin_timeout * _SECOND)
        return config
