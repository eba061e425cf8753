"""Stored workflows: a name, its immutable versions, and which of them is published.

A version's definition is written first, under a number that only one writer can get, and then the document of the
workflow, on the condition that it is the one that was read. So whatever dies in between, or comes at the same time,
each number stands for one definition for ever, and publishing is one write that moves labels and triggers as well.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from gnatwork_bus.kv import Bucket
from gnatwork_manager.definitions import Definitions
from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.problems import invalid
from gnatwork_manager.triggers.paths import HookPaths
from gnatwork_manager.versions import views
from gnatwork_manager.versions.adding import Addition
from gnatwork_manager.versions.conditions import ALWAYS, Condition
from gnatwork_manager.versions.documents import Found, Note, WorkflowDocuments
from gnatwork_manager.versions.numbers import VersionNumbers
from gnatwork_manager.versions.published import published
from gnatwork_manager.versions.reading import Answer, WorkflowReader, must_have
from gnatwork_manager.versions.removal import Removal
from gnatwork_manager.versions.sent import read_sent
from gnatwork_schemas.workflow import StoredVersion, StoredWorkflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflows:
    """The stored workflows of all namespaces, to be changed."""

    definitions: Definitions
    documents: WorkflowDocuments
    numbers: VersionNumbers
    reader: WorkflowReader
    removal: Removal

    async def validate(self, definition: Any) -> dict[str, Any]:
        """What a definition compiles to; DefinitionError, ProblemError."""
        if not isinstance(definition, dict):
            raise invalid("", "the body must be a definition, an object with `blocks` or `steps`")
        compiled = await self.definitions.compile(definition, "")
        return {"workflow": compiled.control_block.workflow, "control_block": compiled.digest}

    async def put(
        self, namespace: str, name: str, definition: Any, *, publish: bool = True, condition: Condition = ALWAYS
    ) -> Answer:
        """Make a definition a version, unless the newest or the published one is it; DefinitionError, ProblemError."""
        addition = await self._addition(namespace, name, definition, publish=publish)
        found = await addition.perform(condition)
        return await self.reader.whole(namespace, found, created=addition.created)

    async def create(self, namespace: str, definition: Any, *, publish: bool = True) -> Answer:
        """Make a definition the first version of a workflow; DefinitionError, ProblemError `workflow.exists`."""
        addition = await self._addition(namespace, None, definition, publish=publish, exists=False)
        return await self.reader.whole(namespace, await addition.perform(ALWAYS), created=True)

    async def draft(self, namespace: str, name: str, definition: Any, condition: Condition = ALWAYS) -> Answer:
        """Make a definition a version of an existing workflow without publishing it; DefinitionError, ProblemError."""
        addition = await self._addition(namespace, name, definition, publish=False, exists=True)
        found = await addition.perform(condition)
        document = views.version(found.workflow, addition.number, addition.sent.json)
        return Answer(document, found.revision, addition.created)

    async def publish(self, namespace: str, name: str, number: int, condition: Condition = ALWAYS) -> Answer:
        """Make a version the one that runs, for the first time or again; DefinitionError, ProblemError."""
        await self.documents.existing(namespace, name)

        async def decide(found: Found) -> StoredWorkflow:
            definition = orjson.loads(await self.reader.definition(namespace, found, number))
            compiled = await self.definitions.compile(definition, "")
            await self.definitions.store(compiled)
            return published(found.workflow, number, compiled)

        return await self.reader.whole(namespace, await self.documents.change(namespace, name, decide, condition))

    async def version(self, namespace: str, name: str, number: int | None) -> tuple[int, StoredVersion]:
        """A version and its number, the published one for None; ProblemError `workflow.not_found`."""
        return must_have(await self.documents.existing(namespace, name, sure=False), number)

    async def _addition(
        self, namespace: str, name: str | None, definition: Any, *, publish: bool, exists: bool | None = None
    ) -> Addition:
        sent = read_sent(definition, name)
        compiled = await self.definitions.compile(sent.definition, "")
        await self.definitions.store(compiled)
        return Addition(
            documents=self.documents,
            numbers=self.numbers,
            namespace=namespace,
            sent=sent,
            compiled=compiled,
            publish=publish,
            exists=exists,
        )


def stored_workflows(state: Bucket, definitions: Definitions, index: RunIndex, note: Note) -> Workflows:
    """The stored workflows, with all that it takes to change them; `note` is told of each change made here."""
    documents = WorkflowDocuments(state=state, paths=HookPaths(state=state), note=note)
    numbers = VersionNumbers(state=state)
    return Workflows(
        definitions=definitions,
        documents=documents,
        numbers=numbers,
        reader=WorkflowReader(definitions=definitions, documents=documents, numbers=numbers),
        removal=Removal(state=state, documents=documents, numbers=numbers, index=index),
    )
