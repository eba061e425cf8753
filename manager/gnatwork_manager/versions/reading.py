"""Reading stored workflows: lists, versions, and how two of these differ."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from gnatwork_manager.definitions import Definitions
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.versions import views
from gnatwork_manager.versions.diff import Difference
from gnatwork_manager.versions.documents import Found, WorkflowDocuments
from gnatwork_manager.versions.numbers import VersionNumbers
from gnatwork_manager.versions.search import WorkflowQuery
from gnatwork_manager.versions.sent import compare, read_sent
from gnatwork_schemas.diff import WorkflowDiff
from gnatwork_schemas.workflow import StoredVersion


class Answer(NamedTuple):
    """A document about a workflow, as the API shows it."""

    document: dict[str, Any]
    #: Of the workflow's document as it is now.
    revision: int
    #: Whether the request has made a version.
    created: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowReader:
    """The stored workflows of all namespaces, to be looked at."""

    definitions: Definitions
    documents: WorkflowDocuments
    numbers: VersionNumbers

    async def show(self, namespace: str, name: str) -> Answer:
        """A workflow with its newest versions, and the definition of the published one; ProblemError."""
        return await self.whole(namespace, await self.documents.existing(namespace, name))

    async def whole(self, namespace: str, found: Found, *, created: bool = False) -> Answer:
        """The same for a document that was read, or written, a moment ago."""
        published, name = found.workflow.published, found.workflow.name
        definition = await self.numbers.read(namespace, name, published) if published else None
        return Answer(views.whole(found, definition), found.revision, created)

    async def page(self, namespace: str, query: WorkflowQuery) -> dict[str, Any]:
        """A page of workflows, in the order of their names; ProblemError."""
        place = decode_cursor(query.cursor, str)
        found = [one for one in await self.documents.all(namespace) if query.wants(one.workflow)]
        rest = [one for one in found if place is None or one.workflow.name > place[0]]
        items = [views.summary(one) for one in rest[: query.limit]]
        return page(items, encode_cursor(items[-1]["name"]) if len(rest) > query.limit else None)

    async def versions(self, namespace: str, name: str, query: PageQuery) -> dict[str, Any]:
        """A page of the versions of a workflow, the newest first; ProblemError."""
        place = decode_cursor(query.cursor, int)
        workflow = (await self.documents.existing(namespace, name)).workflow
        rest = [number for number in views.numbers(workflow) if place is None or number < place[0]]
        shown = rest[: query.limit]
        items = [views.version(workflow, number) for number in shown]
        return page(items, encode_cursor(shown[-1]) if len(rest) > query.limit else None)

    async def version(self, namespace: str, name: str, number: int) -> Answer:
        """A version with its definition; ProblemError."""
        found = await self.documents.existing(namespace, name)
        definition = await self.definition(namespace, found, number)
        return Answer(views.version(found.workflow, number, definition), found.revision)

    async def diff(self, namespace: str, name: str, old: int, new: int) -> dict[str, Any]:
        """How two versions of a workflow differ; ProblemError."""
        found = await self.documents.existing(namespace, name)
        before, after = [await self.definition(namespace, found, number) for number in (old, new)]
        return await _difference(name, old, before, new, after)

    async def diff_sent(self, namespace: str, name: str, definition: Any, number: int | None) -> dict[str, Any]:
        """How a definition differs from a version, the newest for None; DefinitionError, ProblemError."""
        found = await self.documents.existing(namespace, name)
        sent = read_sent(definition, name)
        await self.definitions.compile(sent.definition, "")
        old = found.newest if number is None else number
        return await _difference(name, old, await self.definition(namespace, found, old), None, sent.json)

    async def definition(self, namespace: str, found: Found, number: int) -> bytes:
        """The definition of a version; ProblemError `workflow.not_found`."""
        must_have(found, number)
        definition = await self.numbers.read(namespace, found.workflow.name, number)
        if definition is None:
            # The workflow was deleted since its document was read.
            raise ProblemError("workflow.not_found", f"the workflow `{found.workflow.name}` is gone")
        return definition


def must_have(found: Found, number: int | None) -> tuple[int, StoredVersion]:
    """A version and its number, the published one for None; ProblemError `workflow.not_found`."""
    version = found.workflow.version(number)
    if version is None:
        what = "published version" if number is None else f"version {number}"
        raise ProblemError("workflow.not_found", f"the workflow `{found.workflow.name}` has no {what}")
    return version


async def _difference(name: str, old: int, before: bytes, new: int | None, after: bytes) -> dict[str, Any]:
    def shown(found: Difference) -> dict[str, Any]:
        diff = WorkflowDiff(workflow=name, old=old, new=new, same=not any(found), **found._asdict())
        return diff.model_dump(mode="json")

    return await compare(before, after, shown)
