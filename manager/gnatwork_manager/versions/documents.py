"""The documents of stored workflows: read, and replaced by whoever has seen what they replace.

Several managers may write one at the same time: each change is made of the document that was read, is stored on the
condition that nobody has written in between, and is made anew when somebody has. A manager lets its own changes of one
workflow take turns, so that they only meet those of others.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar
from weakref import WeakValueDictionary

from gnatwork_bus.kv import Bucket, Entry
from gnatwork_manager.lru import LruCache
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_manager.triggers.paths import HookPaths
from gnatwork_manager.versions.conditions import ALWAYS, Condition
from gnatwork_manager.versions.published import with_hooks
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.names import NAME_PATTERN
from gnatwork_schemas.workflow import StoredWorkflow

#: Nothing else becomes part of a key.
_NAME = re.compile(NAME_PATTERN)
#: Bytes of a document: it is one message, and NATS takes 1 MiB.
_MAX_DOCUMENT = 900 * 1024
#: Bytes of documents that are kept as they were read.
_CAPACITY = 32 * 1024 * 1024
#: Times that a change is tried while others write the same workflow, and the longest wait in between, seconds.
_ATTEMPTS = 50
_LONGEST_WAIT = 0.1
#: Seconds for which it shows that a document is gone.
_MARKER_TTL = 86_400.0

#: What is called with namespace, name, document and revision after each write of this manager; None for a removal.
Note = Callable[[str, str, StoredWorkflow | None, int], None]


class Found(NamedTuple):
    """A document as it was read; an empty one where there is none."""

    workflow: StoredWorkflow
    #: What a write has to follow.
    revision: int
    exists: bool = True

    @property
    def newest(self) -> int:
        """The highest number of a version; 0 where there is none."""
        return max(map(int, self.workflow.versions), default=0)

    def check(self, condition: Condition) -> None:
        """Raise ProblemError `workflow.changed` unless it is what a caller expects."""
        condition.check(self.revision if self.exists else None)


Result = TypeVar("Result")
Decide = Callable[[Found], Awaitable[StoredWorkflow]]


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowDocuments:
    """The documents of all namespaces."""

    state: Bucket
    paths: HookPaths
    note: Note
    _parsed: LruCache[tuple[str, int, int], StoredWorkflow] = field(default_factory=lambda: LruCache(_CAPACITY))
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def find(self, namespace: str, name: str, *, sure: bool = True) -> Found:
        """The document of a name, or an empty one; without `sure`, in a cluster, perhaps that of a moment ago."""
        entry, revision = await self.state.find(subjects.workflow_key(namespace, name), sure=sure)
        return self._read(entry) if entry else Found(StoredWorkflow(name=name), revision, exists=False)

    async def existing(self, namespace: str, name: str, *, sure: bool = True) -> Found:
        """The document of a workflow; ProblemError `workflow.not_found` when there is none."""
        found = await self.find(namespace, name, sure=sure) if _NAME.fullmatch(name) else None
        return must_exist(found, namespace, name)

    async def all(self, namespace: str) -> list[Found]:
        """The documents of a namespace, in the order of their names."""
        found = [self._read(entry) for entry in await self.state.list(subjects.workflow_key(namespace, "*"))]
        return sorted(found, key=lambda one: one.workflow.name)

    async def change(self, namespace: str, name: str, decide: Decide, condition: Condition = ALWAYS) -> Found:
        """Replace a document by what `decide` makes of it, which is asked again when someone else was faster.

        A document that it leaves alone is not written. Webhooks get their addresses here, and their paths are taken
        and given back. Raises ProblemError `workflow.changed`, `trigger.path_taken`, `engine.unavailable`, for a name
        that is none, and what `decide` raises.
        """
        check_name(name)

        async def attempt(found: Found) -> Found:
            found.check(condition)
            changed = await decide(found)
            return found if changed is found.workflow else await self._write(namespace, found, with_hooks(changed))

        return await self._trying(namespace, name, attempt)

    async def remove(self, namespace: str, name: str, allowed: Callable[[Found], Awaitable[None]]) -> int:
        """Remove a document unless `allowed` raises; the revision of what marks it as gone.

        Raises ProblemError `workflow.not_found`, `engine.unavailable`, and what `allowed` raises.
        """

        async def attempt(found: Found) -> int:
            await allowed(found)
            must_exist(found, namespace, name)
            key, nothing = subjects.workflow_key(namespace, name), StoredWorkflow(name=name)
            revision = await self.paths.moving(
                namespace,
                found.workflow,
                nothing,
                lambda: self.state.delete(key, revision=found.revision, ttl=_MARKER_TTL),
            )
            self.note(namespace, name, None, revision)
            return revision

        if not _NAME.fullmatch(name):
            must_exist(None, namespace, name)
        return await self._trying(namespace, name, attempt)

    async def _trying(self, namespace: str, name: str, attempt: Callable[[Found], Awaitable[Result]]) -> Result:
        async with self._turns.setdefault(f"{namespace}.{name}", asyncio.Lock()):
            for tried in range(_ATTEMPTS):
                try:
                    return await attempt(await self.find(namespace, name))
                except ConflictError:
                    await asyncio.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.005 * tried)))  # noqa: S311 - no secret
        raise ProblemError("engine.unavailable", f"too many others write the workflow `{name}`")

    async def _write(self, namespace: str, found: Found, changed: StoredWorkflow) -> Found:
        key, value = subjects.workflow_key(namespace, changed.name), changed.model_dump_json().encode()
        if len(value) > _MAX_DOCUMENT:
            most = _MAX_DOCUMENT // 1024
            raise invalid(
                "", f"versions, labels and triggers of a workflow may have {most} KiB; store it anew, or fewer"
            )
        revision = await self.paths.moving(
            namespace, found.workflow, changed, lambda: self.state.update(key, value, found.revision)
        )
        self.note(namespace, changed.name, changed, revision)
        for id_ in found.workflow.triggers().keys() - changed.triggers().keys():
            # What became of a trigger that is gone is nothing to one that gets its name.
            await self.state.purge(subjects.trigger_state_key(namespace, changed.name, id_), before=revision)
        return Found(changed, revision)

    def _read(self, entry: Entry) -> Found:
        # The value as well: a store that was made anew counts from 1 again.
        key = (entry.key, entry.revision, hash(entry.value))
        workflow = self._parsed.get(key)
        if workflow is None:
            workflow = StoredWorkflow.model_validate_json(entry.value)
            self._parsed.put(key, workflow, len(entry.value))
        return Found(workflow, entry.revision)


def check_name(name: str) -> None:
    """Raise ProblemError for what can't be the name of a workflow."""
    if not _NAME.fullmatch(name):
        raise invalid("/name", f"`{name}` is no name of a workflow; it has up to 63 of a-z, 0-9, _ and -")


def must_exist(found: Found | None, namespace: str, name: str) -> Found:
    """The document; ProblemError `workflow.not_found` when there is none."""
    if found is None or not found.exists:
        raise ProblemError("workflow.not_found", f"there is no workflow `{name}` in namespace {namespace}")
    return found
