"""Names of buckets, and of the object store."""

#: Control blocks, catalogue and settings, told apart by key prefix.
STATE_BUCKET = "gnatwork_state"
#: One status document per run, key `<ns>.<run>`.
STATUS_BUCKET = "gnatwork_status"
#: Encrypted credentials, and what else only managers may read.
CONNECTIONS_BUCKET = "gnatwork_connections"
#: What has been submitted under an idempotency key; entries expire after `IDEMPOTENCY_TTL`.
IDEMPOTENCY_BUCKET = "gnatwork_idempotency"
#: Seconds for which an idempotency key is remembered: one day.
IDEMPOTENCY_TTL = 86_400

#: What blocks keep under keys, of all namespaces.
KEYS_BUCKET = "gnatwork_keys"
#: What blocks keep as files, of all namespaces: an object store as NATS clients know it.
FILES_BUCKET = "gnatwork_files"
