"""Stored workflows and their versions, as the API shows them. Pure."""

from typing import Any

import orjson

from gnatwork_manager.pages import DEFAULT_LIMIT
from gnatwork_manager.versions.documents import Found
from gnatwork_schemas.workflow import StoredWorkflow

#: Versions that a workflow is shown with; the rest come in pages.
_SHOWN = DEFAULT_LIMIT


def summary(found: Found) -> dict[str, Any]:
    """A workflow as lists show it."""
    workflow = found.workflow
    times = [version.created_at for version in workflow.versions.values()]
    return {
        "name": workflow.name,
        "version": workflow.published,
        "newest": found.newest,
        "owner": workflow.owner,
        "labels": workflow.labels,
        "created_at": min(times, default=0.0),
        "updated_at": max(times, default=0.0),
        "revision": found.revision,
    }


def whole(found: Found, definition: bytes | None) -> dict[str, Any]:
    """A workflow with its newest versions and the definition of the published one."""
    shown = [version(found.workflow, number) for number in numbers(found.workflow)[:_SHOWN]]
    return {**summary(found), "versions": shown, "definition": orjson.Fragment(definition) if definition else None}


def version(workflow: StoredWorkflow, number: int, definition: bytes | None = None) -> dict[str, Any]:
    """A version, with its definition where that is given."""
    document = {
        "version": number,
        "published": number == workflow.published,
        **workflow.versions[str(number)].model_dump(),
    }
    return document if definition is None else {**document, "definition": orjson.Fragment(definition)}


def numbers(workflow: StoredWorkflow) -> list[int]:
    """The numbers of its versions, the newest first."""
    return sorted(map(int, workflow.versions), reverse=True)
