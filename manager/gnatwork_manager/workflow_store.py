"""Stored workflows: a name, its immutable versions, and which of them is published.

A version's definition is written first, under a number that only one writer can get, and then the document of the
workflow, on the condition that it is the one that was read. So whatever dies in between, or comes at the same time,
each number stands for one definition for ever.
"""

import re
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from gnatwork_bus.kv import Bucket, Entry
from gnatwork_manager.bodies import encode_bounded
from gnatwork_manager.definitions import Compiled, Definitions
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError, DefinitionError
from gnatwork_schemas.names import NAME_PATTERN
from gnatwork_schemas.problem import Fault
from gnatwork_schemas.workflow import StoredVersion, StoredWorkflow

#: Bytes of a stored definition: it is one message, and NATS takes 1 MiB.
_MAX_DEFINITION = 900 * 1024
#: Versions of one workflow: their list is one message as well, and read whenever a run begins.
_MAX_VERSIONS = 4000
#: Nothing else becomes part of a key.
_NAME = re.compile(NAME_PATTERN)
#: Times that a write is tried while others write the same workflow.
_ATTEMPTS = 20


class Put(NamedTuple):
    """What became of a definition that was put."""

    document: dict[str, Any]
    #: Whether it made a version; not when it is what the newest one is.
    created: bool


class _Found(NamedTuple):
    workflow: StoredWorkflow
    revision: int

    @property
    def newest(self) -> int:
        return max(map(int, self.workflow.versions), default=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflows:
    """The stored workflows of all namespaces."""

    state: Bucket
    definitions: Definitions

    async def validate(self, definition: Any) -> dict[str, Any]:
        """What a definition compiles to; DefinitionError, ProblemError."""
        compiled = await self.definitions.compile(_object(definition), "")
        return {"workflow": compiled.control_block.workflow, "control_block": compiled.digest}

    async def put(self, namespace: str, name: str, definition: Any) -> Put:
        """Make a definition the published version of a workflow; DefinitionError, ProblemError."""
        if not _NAME.fullmatch(name):
            raise invalid("/name", f"`{name}` is no name of a workflow; it has up to 63 of a-z, 0-9, _ and -")
        named = _named(name, _object(definition))
        data = encode_bounded(named, "")
        if len(data) > _MAX_DEFINITION:
            message = f"the definition has {len(data) // 1024} KiB, at most {_MAX_DEFINITION // 1024} are stored"
            raise DefinitionError((Fault(pointer="", code="definition.too_large", message=message),))
        compiled = await self.definitions.compile(named, "")
        await self.definitions.store(compiled)
        for _ in range(_ATTEMPTS):
            found = await self._read(namespace, name)
            try:
                if (number := await self._as_newest(namespace, found, compiled, data)) is not None:
                    if found.workflow.published != number:
                        found = await self._write(namespace, found, {"published": number})
                    return Put(await self._document(namespace, found.workflow), created=False)
                found = await self._add(namespace, found, compiled, data)
            except ConflictError:
                continue
            return Put(await self._document(namespace, found.workflow), created=True)
        raise ProblemError("engine.unavailable", f"too many others write the workflow `{name}`")

    async def version(self, namespace: str, name: str, number: int | None) -> tuple[int, StoredVersion]:
        """A version and its number, the published one for None; ProblemError `workflow.not_found`."""
        workflow = (await self._existing(namespace, name)).workflow
        found = workflow.version(number)
        if found is None:
            what = "published version" if number is None else f"version {number}"
            raise ProblemError("workflow.not_found", f"the workflow `{name}` has no {what}")
        return found

    async def show(self, namespace: str, name: str) -> dict[str, Any]:
        """A workflow with its versions, and the definition of the published one; ProblemError."""
        return await self._document(namespace, (await self._existing(namespace, name)).workflow)

    async def page(self, namespace: str, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of workflows, in the order of their names."""
        place = decode_cursor(cursor, str)
        found = [_parsed(entry).workflow for entry in await self.state.list(subjects.workflow_key(namespace, "*"))]
        rest = sorted((one for one in found if place is None or one.name > place[0]), key=lambda one: one.name)
        items = [_summary(workflow) for workflow in rest[:limit]]
        return page(items, encode_cursor(items[-1]["name"]) if len(rest) > limit else None)

    async def _read(self, namespace: str, name: str) -> _Found:
        entry = await self.state.get(subjects.workflow_key(namespace, name))
        return _parsed(entry) if entry else _Found(StoredWorkflow(name=name), 0)

    async def _existing(self, namespace: str, name: str) -> _Found:
        found = await self._read(namespace, name) if _NAME.fullmatch(name) else None
        if not found or not found.revision:
            raise ProblemError("workflow.not_found", f"there is no workflow `{name}` in namespace {namespace}")
        return found

    async def _as_newest(self, namespace: str, found: _Found, compiled: Compiled, data: bytes) -> int | None:
        """The number of the newest version, if this is it."""
        newest = found.workflow.versions.get(str(found.newest))
        if newest is None or newest.control_block != compiled.digest:
            return None
        entry = await self.state.get(subjects.definition_key(namespace, found.workflow.name, found.newest))
        return found.newest if entry and entry.value == data else None

    async def _add(self, namespace: str, found: _Found, compiled: Compiled, data: bytes) -> _Found:
        if len(found.workflow.versions) >= _MAX_VERSIONS:
            raise invalid("", f"a workflow has at most {_MAX_VERSIONS} versions; store this one under another name")
        number = await self._reserve(namespace, found, data)
        version = StoredVersion(control_block=compiled.digest, created_at=round(time.time(), 6))
        versions = {**found.workflow.versions, str(number): version}
        return await self._write(namespace, found, {"versions": versions, "published": number})

    async def _reserve(self, namespace: str, found: _Found, data: bytes) -> int:
        """A number that stands for this definition from now on."""
        number = found.newest + 1
        while True:
            key = subjects.definition_key(namespace, found.workflow.name, number)
            try:
                await self.state.create(key, data)
            except ConflictError:
                # Someone writes at this moment, or died before the version was added.
                entry = await self.state.get(key)
                if entry is None or entry.value != data:
                    number += 1
                    continue
            return number

    async def _write(self, namespace: str, found: _Found, changes: dict[str, Any]) -> _Found:
        workflow = found.workflow.model_copy(update=changes)
        key, value = subjects.workflow_key(namespace, workflow.name), workflow.model_dump_json().encode()
        if found.revision:
            return _Found(workflow, await self.state.update(key, value, found.revision))
        return _Found(workflow, await self.state.create(key, value))

    async def _document(self, namespace: str, workflow: StoredWorkflow) -> dict[str, Any]:
        key = subjects.definition_key(namespace, workflow.name, workflow.published or 0)
        entry = await self.state.get(key) if workflow.published else None
        versions = sorted(((int(number), version) for number, version in workflow.versions.items()), reverse=True)
        return {
            **_summary(workflow),
            "versions": [{"version": number, **version.model_dump()} for number, version in versions],
            "definition": orjson.Fragment(entry.value) if entry else None,
        }


def _object(definition: Any) -> dict[str, Any]:
    if not isinstance(definition, dict):
        raise invalid("", "the body must be a definition, an object with `blocks` or `steps`")
    return definition


def _named(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    """The definition under the name that it is stored by."""
    given = definition.get("name", name)
    if given != name:
        raise invalid("/name", f"the definition is named {given!r} and the address says `{name}`; they must agree")
    return definition if "name" in definition else {"name": name, **definition}


def _parsed(entry: Entry) -> _Found:
    return _Found(StoredWorkflow.model_validate_json(entry.value), entry.revision)


def _summary(workflow: StoredWorkflow) -> dict[str, Any]:
    times = [version.created_at for version in workflow.versions.values()]
    return {
        "name": workflow.name,
        "version": workflow.published,
        "created_at": min(times, default=0.0),
        "updated_at": max(times, default=0.0),
    }
