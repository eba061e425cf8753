"""Every stream, bucket and consumer of Gnatwork."""

from dataclasses import replace

from gnatwork_bus.descriptors import BucketDescriptor, ConsumerDescriptor, StreamDescriptor
from gnatwork_schemas import subjects

#: Slices of the runs, unless the first start says otherwise.
DEFAULT_SHARDS = 8
#: Work items of one block type and lane that may be in the hands of executors at once.
DEFAULT_CONCURRENCY = 10_000

#: Seconds after which an event that no scheduler settled is delivered again.
SCHEDULER_ACK_WAIT = 5.0
#: Seconds after which a work item that no executor renewed is delivered again.
EXECUTOR_ACK_WAIT = 10.0

#: Seconds for which it shows that a status document has expired: a run index that was away for longer is made anew.
STATUS_MARKER_TTL = 600.0
#: Seconds for which it shows that a key of a block has expired.
KEY_MARKER_TTL = 600.0
#: Seconds after which what a schedule has become, and no manager has seen to, is delivered again.
TRIGGER_ACK_WAIT = 10.0

_DAY = 86_400.0

#: No age and no byte limit: nothing may remove the history of a run that has not ended.
HISTORY = StreamDescriptor(
    name=subjects.HISTORY,
    subjects=(subjects.HISTORY_SUBJECTS,),
    republish=subjects.HISTORY_REPUBLISH,
    schedules=True,
    message_ttl=True,
    rollup=True,
)
#: One message per subject, the new one refused: an attempt can't be queued twice, nor while it is in flight.
WORK = StreamDescriptor(
    name=subjects.WORK,
    subjects=(subjects.WORK_SUBJECTS,),
    retention="workqueue",
    per_subject=1,
    discard="new",
)
#: A chunk that is written again replaces itself.
PAYLOADS = StreamDescriptor(name=subjects.PAYLOADS, subjects=(subjects.PAYLOAD_SUBJECTS,), per_subject=1)
#: Each chunk carries how long it is kept. A history that is archived again replaces itself.
ARCHIVE = StreamDescriptor(
    name=subjects.ARCHIVE, subjects=(subjects.ARCHIVE_SUBJECTS,), per_subject=1, message_ttl=True
)
#: Kept for a month. The byte limit is reserved in the store, so it is small; the oldest go first. A letter that is
#: written again, since no one knew that it had been, replaces itself.
DEAD_LETTERS = StreamDescriptor(
    name=subjects.DEAD_LETTERS,
    subjects=(subjects.DEAD_SUBJECTS,),
    per_subject=1,
    max_age=30 * _DAY,
    max_bytes=64 * 1024 * 1024,
)
#: Schedules of triggers, and what they become: gone once a manager has seen to it.
TRIGGERS = StreamDescriptor(
    name=subjects.TRIGGERS,
    subjects=(subjects.TRIGGER_SUBJECTS,),
    retention="workqueue",
    schedules=True,
    message_ttl=True,
    rollup=True,
)
#: Lines of logs: the last thousand of each task, for a week. Blocks may log a lot, and must not fill the store; the
#: byte limit is reserved in it.
LOGS = StreamDescriptor(
    name=subjects.LOGS,
    subjects=(subjects.LOG_SUBJECTS,),
    per_subject=1000,
    max_age=7 * _DAY,
    max_bytes=256 * 1024 * 1024,
    discard="old",
)
#: Kept for a year.
AUDIT = StreamDescriptor(name=subjects.AUDIT, subjects=(subjects.AUDIT_SUBJECTS,), max_age=365 * _DAY)
#: Files of blocks, laid out as the object stores of NATS clients, which can read and write them, too.
FILES = StreamDescriptor(
    name=subjects.object_stream(subjects.FILES_BUCKET),
    subjects=(subjects.object_chunks(subjects.FILES_BUCKET, ">"), subjects.object_infos(subjects.FILES_BUCKET)),
    message_ttl=True,
    rollup=True,
)

BUCKETS = (
    BucketDescriptor(name=subjects.STATE_BUCKET, marker_ttl=_DAY),
    BucketDescriptor(name=subjects.CONNECTIONS_BUCKET, marker_ttl=_DAY),
    BucketDescriptor(name=subjects.STATUS_BUCKET, marker_ttl=STATUS_MARKER_TTL),
    BucketDescriptor(name=subjects.IDEMPOTENCY_BUCKET, ttl=subjects.IDEMPOTENCY_TTL),
    BucketDescriptor(name=subjects.KEYS_BUCKET, marker_ttl=KEY_MARKER_TTL),
)


def history(shards: int) -> StreamDescriptor:
    """The history stream of an installation with this many shards."""
    return replace(HISTORY, metadata={subjects.SHARDS_METADATA: str(shards)})


def other_streams() -> tuple[StreamDescriptor, ...]:
    """All streams but history, buckets included."""
    return (
        WORK,
        PAYLOADS,
        ARCHIVE,
        DEAD_LETTERS,
        TRIGGERS,
        LOGS,
        AUDIT,
        FILES,
        *(bucket.stream() for bucket in BUCKETS),
    )


def scheduler_consumer(shard: int) -> ConsumerDescriptor:
    """A shard's history, for one scheduler at a time."""
    return ConsumerDescriptor(
        stream=subjects.HISTORY,
        name=subjects.scheduler_consumer(shard),
        filter=subjects.history_shard(shard),
        ack_wait=SCHEDULER_ACK_WAIT,
        max_ack_pending=20_000,
        pinned_group=subjects.SCHEDULER_GROUP,
    )


def trigger_consumer() -> ConsumerDescriptor:
    """What schedules of triggers have become, shared by all managers."""
    return ConsumerDescriptor(
        stream=subjects.TRIGGERS,
        name=subjects.TRIGGER_CONSUMER,
        filter=subjects.TRIGGER_FIRES,
        ack_wait=TRIGGER_ACK_WAIT,
        max_ack_pending=2000,
    )


def executor_consumer(
    type_: str, lane: str = subjects.NORMAL_LANE, *, concurrency: int = DEFAULT_CONCURRENCY
) -> ConsumerDescriptor:
    """The work of a block type in a lane, shared by all its executors; `concurrency` is theirs together."""
    return ConsumerDescriptor(
        stream=subjects.WORK,
        name=subjects.executor_consumer(type_, lane),
        filter=subjects.work_of_type(type_, lane),
        ack_wait=EXECUTOR_ACK_WAIT,
        max_ack_pending=concurrency,
    )
