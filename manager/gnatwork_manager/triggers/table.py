"""All triggers of all workflows and what they start, kept in memory, so that none is looked up when it fires."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from pydantic import ValidationError

from gnatwork_bus.connection import Connection
from gnatwork_bus.follow import follow
from gnatwork_bus.kv import Bucket
from gnatwork_manager.triggers.lookup import Lookup
from gnatwork_schemas import subjects
from gnatwork_schemas.triggers import AnyTrigger, WebhookTrigger
from gnatwork_schemas.workflow import StoredVersion, StoredWorkflow

log = logging.getLogger(__name__)

_ALL = subjects.workflow_key("*", "*")

#: What a trigger can be.
Kind = Literal["webhook", "schedule", "event", "polling"]

#: Namespace, workflow and id of a trigger.
_Key = tuple[str, str, str]


class Known(NamedTuple):
    """A trigger, and what it starts."""

    namespace: str
    workflow: str
    #: `enabled` as it was last switched.
    trigger: AnyTrigger
    #: The published version and the digest of its control block; None while there are only drafts.
    published: int | None
    control_block: str | None
    #: Whether it is part of the published definition, or was added beside it.
    source: Literal["definition", "api"] = "definition"
    #: Of a webhook, its unguessable address.
    address: str | None = None

    @property
    def key(self) -> _Key:
        """What tells it from all others."""
        return self.namespace, self.workflow, self.trigger.id


class _Workflow(NamedTuple):
    """What is kept of a workflow; revision 0 for one that is gone."""

    revision: int
    known: Mapping[str, Known]
    #: The number of the version that runs, and the version.
    published: tuple[int, StoredVersion] | None = None

    @property
    def triggers(self) -> dict[str, AnyTrigger]:
        return {id_: known.trigger for id_, known in self.known.items()}


#: Namespace, workflow, its triggers before and after a change, and the revision of its document.
Listener = Callable[[str, str, Mapping[str, AnyTrigger], Mapping[str, AnyTrigger], int], None]

_NONE = _Workflow(0, {})


class TriggerTable:
    """The triggers of all namespaces. A change costs as much as the workflow that it is about has triggers."""

    def __init__(self, connection: Connection, state: Bucket) -> None:
        self._connection = connection
        self._state = state
        self._position = 0
        self._workflows: dict[tuple[str, str], _Workflow] = {}
        #: Revisions at which workflows were removed here that the bucket has not told of yet.
        self._removed: dict[tuple[str, str], int] = {}
        #: By what they are looked up by.
        self._lookup: Lookup[_Key, Known] = Lookup()
        self._listeners: list[Listener] = []

    async def refresh(self) -> None:
        """Read all workflows now: before that, nothing is known."""
        for entry in await self._state.list(_ALL):
            self._position = max(self._position, entry.revision)
            self._take(entry.key, entry.value, entry.revision)

    async def follow(self) -> None:
        """Take in what is published, switched and removed, by whomever, for ever."""
        following = follow(self._connection, self._state.stream_name, self._state.subject(_ALL), after=self._position)
        async with contextlib.aclosing(following) as messages:
            async for message in messages:
                if message.sequence <= self._position:
                    # The bucket was made anew.
                    self._forget_all(message.sequence)
                self._position = message.sequence
                entry = self._state.entry(message)
                self._take(self._state.key(message), entry.value if entry else None, message.sequence)
                if self._removed:
                    self._removed = {key: at for key, at in self._removed.items() if at > self._position}

    def note(self, namespace: str, name: str, workflow: StoredWorkflow | None, revision: int) -> None:
        """Take in what this manager itself has just written, None for a workflow that it removed.

        So whoever was answered finds it here, before the bucket tells of it.
        """
        key = (namespace, name)
        if revision > max(self._position, self._newest(key)):
            if workflow is None:
                self._removed[key] = revision
            self._replace(key, workflow, revision)

    def listen(self, listener: Listener) -> None:
        """Tell of every change from now on, and now of everything that there is; it must not fail."""
        self._listeners.append(listener)
        for (namespace, name), workflow in self._workflows.items():
            listener(namespace, name, {}, workflow.triggers, workflow.revision)

    def get(self, namespace: str, workflow: str, id_: str) -> Known | None:
        """A trigger, enabled or not."""
        return self._workflows.get((namespace, workflow), _NONE).known.get(id_)

    def published(self, namespace: str, workflow: str) -> tuple[int, StoredVersion] | None:
        """The version of a workflow that runs, and its number; None where there is none, as far as is known here."""
        return self._workflows.get((namespace, workflow), _NONE).published

    def of_kind(self, kind: Kind) -> list[Known]:
        """All triggers of a kind, enabled or not."""
        return self._lookup.under(f"kind {kind}")

    def of_namespace(self, namespace: str) -> list[Known]:
        """All triggers of a namespace, in the order of their workflows."""
        names = sorted(name for within, name in self._workflows if within == namespace)
        return [known for name in names for known in self._workflows[namespace, name].known.values()]

    def hooks(self, place: str) -> list[Known]:
        """The webhooks at an unguessable address, or at a path such as `/orders`, enabled or not, of any method."""
        return self._lookup.under(f"address {place}") or self._lookup.under(f"path {place}")

    def _take(self, key: str, value: bytes | None, revision: int) -> None:
        _, namespace, name = key.split(".")
        if revision <= self._newest((namespace, name)):
            return
        try:
            workflow = None if value is None else StoredWorkflow.model_validate_json(value)
        except ValidationError as error:
            log.warning("the workflow %s in %s can't be read: %s", name, namespace, error)
            return
        self._replace((namespace, name), workflow, revision)

    def _newest(self, key: tuple[str, str]) -> int:
        """The revision that is known of a workflow."""
        return max(self._workflows.get(key, _NONE).revision, self._removed.get(key, 0))

    def _replace(self, key: tuple[str, str], workflow: StoredWorkflow | None, revision: int) -> None:
        before, after = self._workflows.pop(key, _NONE), _NONE
        if workflow:
            after = self._workflows[key] = _Workflow(revision, known_of(key[0], workflow), workflow.version(None))
        for known in before.known.values():
            self._lookup.remove(known.key, _names(known))
        for known in after.known.values():
            self._lookup.add(known.key, _names(known), known)
        for listener in self._listeners:
            listener(*key, before.triggers, after.triggers, revision)

    def _forget_all(self, revision: int) -> None:
        self._removed.clear()
        for key in list(self._workflows):
            self._replace(key, None, revision)


def known_of(namespace: str, workflow: StoredWorkflow) -> dict[str, Known]:
    """The triggers of a workflow, by id."""
    number, version = workflow.version(None) or (None, None)
    return {
        id_: Known(
            namespace=namespace,
            workflow=workflow.name,
            trigger=trigger,
            published=number,
            control_block=version.control_block if version else None,
            source="api" if id_ in workflow.added else "definition",
            address=workflow.hooks.get(id_) if isinstance(trigger, WebhookTrigger) else None,
        )
        for id_, trigger in workflow.triggers().items()
    }


def _names(known: Known) -> Iterator[str]:
    """What a trigger is looked up by."""
    yield f"kind {known.trigger.type}"
    if isinstance(known.trigger, WebhookTrigger):
        if known.address:
            yield f"address /{known.address}"
        if known.trigger.path:
            yield f"path {known.trigger.path}"
