"""Names of consumers, and keys of buckets."""

from base64 import urlsafe_b64encode
from hashlib import sha256

#: What the reply subject of a delivered message starts with.
ACK_PREFIX = "$JS.ACK."

#: The priority group of pinned scheduler consumers.
SCHEDULER_GROUP = "scheduler"


def scheduler_consumer(shard: int) -> str:
    """The durable consumer of a shard's history."""
    return f"sched-{shard}"


def executor_consumer(type_: str, lane: str) -> str:
    """The durable consumer of a block type's work."""
    return f"exec-{type_}-{lane}"


def bucket_stream(bucket: str) -> str:
    """The stream behind a bucket."""
    return f"KV_{bucket}"


def bucket_subject(bucket: str, key: str) -> str:
    """Where a key of a bucket is stored; `>` for all keys."""
    return f"$KV.{bucket}.{key}"


def control_block_key(digest: str) -> str:
    """An immutable control block."""
    return f"control.{digest}"


def catalogue_key(type_: str) -> str:
    """The catalogue entry of a block type; `*` for all."""
    return f"catalogue.{type_}"


def integration_key(what: str, type_: str) -> str:
    """What an integration brings beside blocks, a `trigger` or a `connection`, by its type; `*` for all."""
    return f"integration.{what}.{type_}"


def executor_key(lease: str) -> str:
    """What a living executor says of itself, under a name that no other has; `*` for all."""
    return f"executor.{lease}"


def workflow_key(namespace: str, name: str) -> str:
    """The stored workflow of a name, see `gnatwork_schemas.workflow`; `*` for all of a namespace."""
    return f"workflow.{namespace}.{name}"


def definition_key(namespace: str, name: str, version: int | str) -> str:
    """The definition of a version of a stored workflow, as it was sent."""
    return f"definition.{namespace}.{name}.{version}"


def trigger_state_key(namespace: str, workflow: str, trigger: str) -> str:
    """What has become of a trigger, see `gnatwork_schemas.triggers.TriggerState`."""
    return f"trigger_state.{namespace}.{workflow}.{trigger}"


def trigger_rate_key(namespace: str, workflow: str, trigger: str) -> str:
    """How often a webhook was called of late, counted for all managers, see `gnatwork_manager.triggers.rates`."""
    return f"trigger_rate.{namespace}.{workflow}.{trigger}"


def hook_key(method: str, path: str) -> str:
    """Whose webhook listens at a path of its own, see `gnatwork_schemas.workflow.HookPath`."""
    return f"hook.{sha256(f'{method} {path}'.encode()).hexdigest()[:32]}"


#: All that every manager keeps in memory of people, invitations and keys.
PEOPLE_KEYS = "people.>"
#: All people.
PERSON_KEYS = "people.person.*"


def person_key(digest: str) -> str:
    """A person, by the digest of their e-mail address: so there is one of each at most."""
    return f"people.person.{digest}"


def api_key_key(key: str) -> str:
    """An API key, by its id."""
    return f"people.key.{key}"


def invitation_key(invitation: str) -> str:
    """An invitation that no one has accepted yet."""
    return f"people.invitation.{invitation}"


def revoked_session_key(session: str) -> str:
    """Says that access tokens of a session are good no more; goes once the last of them has expired."""
    return f"people.revoked.{session}"


def session_key(session: str) -> str:
    """A login that goes on: which refresh token is the current one."""
    return f"session.{session}"


def throttle_key(kind: str, digest: str) -> str:
    """How often logins were tried with an e-mail address, or from an address."""
    return f"throttle.{kind}.{digest}"


#: The key that signs access tokens, among the connections, which only managers read.
SIGNING_KEY = "signing.access"


def connection_key(namespace: str, name: str) -> str:
    """The key of a connection, or with `*` those of several."""
    return f"connection.{namespace}.{name}"


def connection_token_key(namespace: str, name: str) -> str:
    """The key of the token that an OAuth2 connection has got."""
    return f"connection.{namespace}.{name}.token"


def authorization_key(state: str) -> str:
    """The key of what is remembered while someone is asked to agree, by a digest of what their answer will carry."""
    return f"authorization.{state}"


#: All connections and their tokens.
CONNECTION_KEYS = "connection.>"
#: What tells at a manager's start whether it has the right keys.
CANARY_KEY = "canary"


def trigger_seen_key(namespace: str, workflow: str, trigger: str) -> str:
    """What a polling trigger has seen, see `gnatwork_manager.triggers.polling`."""
    return f"trigger_seen.{namespace}.{workflow}.{trigger}"


#: Metadata key of the history stream that holds the number of shards.
SHARDS_METADATA = "gnatwork_shards"


def kept_key(namespace: str, bucket: str, key: str) -> str:
    """What a block keeps under a key, any text, of a bucket of its namespace."""
    plain = "".join(chr(byte) if chr(byte) in _PLAIN else f"={byte:02X}" for byte in key.encode())
    return f"{namespace}.{bucket}.{plain}"


#: What stands in a key for itself; of all else its bytes.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/")


def writing_key(object_id: str) -> str:
    """Among what blocks keep: a file that is being written, or was when its writer vanished; `*` for all."""
    return f"_writing.{object_id}"


def file_name(namespace: str, name: str) -> str:
    """The name in the object store of a file of a namespace."""
    return f"{namespace}/{name}"


def object_stream(bucket: str) -> str:
    """The stream behind an object store."""
    return f"OBJ_{bucket}"


def object_chunks(bucket: str, object_id: str) -> str:
    """The bytes of an object, in chunks; `>` for all objects."""
    return f"$O.{bucket}.C.{object_id}"


def object_info(bucket: str, name: str) -> str:
    """What is known of an object, by its name."""
    return f"$O.{bucket}.M.{urlsafe_b64encode(name.encode()).decode()}"


def object_infos(bucket: str) -> str:
    """What is known of all objects."""
    return f"$O.{bucket}.M.>"


def status_key(namespace: str, run_id: str) -> str:
    """The status document of a run."""
    return f"{namespace}.{run_id}"
