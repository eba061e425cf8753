"""Every header name, in one place. Nothing else in the project spells one out."""

#: The append is refused unless this is the last sequence of the subject (or of the pattern below).
EXPECTED_LAST_SUBJECT_SEQUENCE = "Nats-Expected-Last-Subject-Sequence"
#: The pattern on which the expectation above is checked.
EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT = "Nats-Expected-Last-Subject-Sequence-Subject"
#: Names a message, so that the stream takes it once: within two minutes, a second one is not stored.
MESSAGE_ID = "Nats-Msg-Id"
#: The append is refused unless the stream has this name.
EXPECTED_STREAM = "Nats-Expected-Stream"
#: When the server is to publish this message again, `@at <RFC 3339>`.
SCHEDULE = "Nats-Schedule"
#: Where the server publishes a scheduled message.
SCHEDULE_TARGET = "Nats-Schedule-Target"
#: Which client of a pinned consumer is the active one.
PIN_ID = "Nats-Pin-Id"
#: How long a message may live, e.g. `30d` as `2592000s`.
TTL = "Nats-TTL"
#: On each chunk of an archived history: what it is a part of, as JSON, see `gnatwork_bus.archive`.
ARCHIVE_INFO = "Gnatwork-Archive"
#: W3C trace context, carried from the submission to every message of the run.
TRACEPARENT = "traceparent"
#: On a reply that is an error, as NATS services have it: the error code.
SERVICE_ERROR = "Nats-Service-Error"
#: On such a reply: the HTTP status of the same error.
SERVICE_ERROR_CODE = "Nats-Service-Error-Code"
#: Set by the server on a message that it reads back: the stream that it lies in.
STORED_STREAM = "Nats-Stream"
#: Likewise: the subject under which it was stored.
STORED_SUBJECT = "Nats-Subject"
#: Likewise: its sequence in the stream.
STORED_SEQUENCE = "Nats-Sequence"
#: Likewise: when it was stored, RFC 3339.
STORED_AT = "Nats-Time-Stamp"
#: Set by the server on the messages of a batch: how many follow in all.
BATCH_PENDING = "Nats-Num-Pending"
#: Likewise: the sequence of the message before.
BATCH_PREVIOUS = "Nats-Last-Sequence"
#: The code of a message that carries no data, such as `404`.
STATUS = "Status"
#: On the end of a pull: how many of the messages that it asked for it did not get.
PULL_PENDING = "Nats-Pending-Messages"
#: On an idle heartbeat: the last consumer sequence that was sent.
LAST_CONSUMER_SEQUENCE = "Nats-Last-Consumer"
#: On a message of a key-value bucket: `DEL` or `PURGE`, when the key is gone.
KV_OPERATION = "KV-Operation"
#: On what is known of an object in an object store: `sub`, it replaces all that was known before.
ROLLUP = "Nats-Rollup"
#: On a marker that the server leaves when a message expires or is removed.
MARKER_REASON = "Nats-Marker-Reason"
