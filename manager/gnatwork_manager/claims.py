"""Idempotency keys: what a request was that came under a key, so that a second one like it does nothing twice."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from gnatwork_bus.kv import Bucket
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.model import VERSION

#: Whose key it is: a caller's own, or what a trigger calls one of its occurrences. Neither ever meets the other.
ClaimKind = Literal["key", "occurrence"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What an idempotency key stands for."""

    run_id: str
    #: Tells whether a later request is the same.
    digest: str

    def encode(self) -> bytes:
        """As it is stored."""
        return orjson.dumps({"v": VERSION, "run_id": self.run_id, "digest": self.digest})

    def check_same(self, digest: str) -> None:
        """Raises ProblemError when another request came under the same key."""
        if digest != self.digest:
            raise ProblemError("idempotency.conflict", f"the key belongs to run {self.run_id}")


def parse_claim(data: bytes) -> Claim:
    """A stored claim."""
    record = orjson.loads(data)
    return Claim(record["run_id"], record["digest"])


def claim_key(namespace: str, idempotency_key: str, kind: ClaimKind = "key") -> str:
    """The key of a claim in its bucket."""
    digest = hashlib.sha256(idempotency_key.encode()).hexdigest()
    return f"{namespace}.{digest}" if kind == "key" else f"{namespace}.{kind}.{digest}"


def digest_of(content: Any) -> str:
    """The same for two requests that mean the same, in whatever order their fields come."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of all managers."""

    bucket: Bucket

    async def take(self, namespace: str, idempotency_key: str, claim: Claim, kind: ClaimKind = "key") -> Claim | None:
        """Claim a key; None when it is now ours, else the earlier claim of the same request.

        Raises ProblemError `idempotency.conflict` when another request has it.
        """
        key = claim_key(namespace, idempotency_key, kind)
        while True:
            try:
                await self.bucket.create(key, claim.encode())
            except ConflictError:
                if entry := await self.bucket.get(key):
                    earlier = parse_claim(entry.value)
                    earlier.check_same(claim.digest)
                    return earlier
                # It has expired between the two.
            else:
                return None
