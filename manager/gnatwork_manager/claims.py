"""Idempotency keys: what a request was that came under a key, so that a second one like it does nothing twice."""

import hashlib
import logging
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import orjson

from gnatwork_bus.kv import Bucket
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas.errors import ConflictError, GnatworkError
from gnatwork_schemas.model import VERSION

log = logging.getLogger(__name__)

#: Whose key it is: a caller's own, or what a trigger calls one of its occurrences. Neither ever meets the other.
ClaimKind = Literal["key", "occurrence"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What an idempotency key stands for."""

    run_id: str
    #: Tells whether a later request is the same.
    digest: str
    #: Whether the run is known to have begun: then it never begins again, also where nothing is left of it.
    begun: bool = False

    def encode(self) -> bytes:
        """As it is stored."""
        record = {"v": VERSION, "run_id": self.run_id, "digest": self.digest}
        return orjson.dumps({**record, "begun": True} if self.begun else record)

    def check_same(self, digest: str) -> None:
        """Raises ProblemError when another request came under the same key."""
        if digest != self.digest:
            raise ProblemError("idempotency.conflict", f"the key belongs to run {self.run_id}")


class HeldClaim(NamedTuple):
    """A claim as it stands in the bucket."""

    claim: Claim
    key: str
    revision: int
    #: Whether it was there before.
    repeated: bool


def parse_claim(data: bytes) -> Claim:
    """A stored claim."""
    record = orjson.loads(data)
    return Claim(record["run_id"], record["digest"], record.get("begun", False))


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

    async def take(self, namespace: str, idempotency_key: str, claim: Claim, kind: ClaimKind = "key") -> HeldClaim:
        """Claim a key; where it is taken, the earlier claim of the same request.

        Raises ProblemError `idempotency.conflict` when another request has it.
        """
        key = claim_key(namespace, idempotency_key, kind)
        while True:
            try:
                revision = await self.bucket.create(key, claim.encode())
            except ConflictError:
                if entry := await self.bucket.get(key):
                    earlier = parse_claim(entry.value)
                    earlier.check_same(claim.digest)
                    return HeldClaim(earlier, key, entry.revision, repeated=True)
                # It has expired between the two.
            else:
                return HeldClaim(claim, key, revision, repeated=False)

    def note_begun(self, held: HeldClaim) -> None:
        """Note that the run of a claim has begun, without waiting: where that is lost, who finds the run notes it."""
        if not held.claim.begun:
            self.bucket.send(held.key, replace(held.claim, begun=True).encode(), held.revision, _noted)


def _noted(result: int | GnatworkError) -> None:
    if isinstance(result, GnatworkError) and not isinstance(result, ConflictError):
        log.info("a claim does not say that its run has begun: %s", result)
