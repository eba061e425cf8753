"""What publishing makes of a workflow's document, and what is kept of its triggers."""

from itertools import count
from typing import Any

import pytest

from gnatwork_engine.compiler import compile_definition
from gnatwork_manager.definitions import Compiled
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.versions.published import published, with_hooks
from gnatwork_manager.versions.search import WorkflowQuery
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.triggers import TRIGGER
from gnatwork_schemas.workflow import StoredVersion, StoredWorkflow

NOOP = BlockType(type="noop", title="No-op", summary="Nothing.", config_schema=True, output_schema=True)
SCHEDULE = TRIGGER.validate_python({"id": "daily", "type": "schedule", "cron": "0 6 * * *"})
WORKFLOW = StoredWorkflow(
    name="news",
    published=1,
    versions={str(n): StoredVersion(control_block=f"sha256-{n}", created_at=n) for n in (1, 2)},
)


def hook(id_: str = "hook", **more: Any) -> Any:
    return TRIGGER.validate_python({"id": id_, "type": "webhook", **more})


def compiled(*triggers: Any, digest: str = "sha256-2", **labels: str) -> Compiled:
    definition = {"name": "news", "labels": labels, "blocks": [{"id": "say", "type": "noop"}]}
    control_block = compile_definition(definition, {"noop": NOOP})
    return Compiled(control_block, digest, (), triggers)


def test_version_labels_and_triggers_change_together() -> None:
    after = published(WORKFLOW, 2, compiled(SCHEDULE, team="ops"))
    assert (after.published, after.labels, after.defined) == (2, {"team": "ops"}, (SCHEDULE,))
    assert after.versions == WORKFLOW.versions
    assert published(after, 2, compiled(SCHEDULE, team="ops")) is after


def test_the_control_block_is_that_of_today() -> None:
    after = published(WORKFLOW, 2, compiled(digest="sha256-new"))
    assert after.versions["2"] == StoredVersion(control_block="sha256-new", created_at=2)
    assert after.versions["1"] == WORKFLOW.versions["1"]


def test_a_trigger_that_was_added_stays_and_is_in_the_way_of_its_namesake() -> None:
    workflow = WORKFLOW.model_copy(update={"added": {"daily": SCHEDULE}})
    assert published(workflow, 2, compiled(hook())).triggers().keys() == {"hook", "daily"}
    with pytest.raises(ProblemError) as refused:
        published(workflow, 2, compiled(hook(), SCHEDULE))
    assert [(fault.code, fault.pointer) for fault in refused.value.errors] == [("trigger.exists", "/triggers/1/id")]


def test_addresses_and_switches_last_as_long_as_their_triggers() -> None:
    numbers = count()

    def addressed(workflow: StoredWorkflow) -> StoredWorkflow:
        return with_hooks(workflow, lambda: f"address-{next(numbers)}")

    workflow = WORKFLOW.model_copy(
        update={
            "defined": (hook("a"), SCHEDULE),
            "added": {"b": hook("b")},
            "switched": {"a": False, "daily": True, "gone": False},
        }
    )
    first = addressed(workflow)
    assert first.hooks == {"a": "address-0", "b": "address-1"}
    assert first.switched == {"a": False, "daily": True}
    second = addressed(first.model_copy(update={"defined": (hook("a", method="PUT"), hook("c"))}))
    assert second.hooks == {"a": "address-0", "b": "address-1", "c": "address-2"}
    assert second.switched == {"a": False}
    third = addressed(second.model_copy(update={"defined": ()}))
    assert third.hooks == {"b": "address-1"}
    assert addressed(third.model_copy(update={"defined": (hook("a"),)})).hooks["a"] == "address-3"


def test_an_address_can_not_be_guessed() -> None:
    found = {with_hooks(WORKFLOW.model_copy(update={"defined": (hook(),)})).hooks["hook"] for _ in range(100)}
    assert len(found) == 100
    assert {len(address) for address in found} == {22}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, True),
        ({"label": ["team"]}, True),
        ({"label": ["team=ops", "kept="]}, True),
        ({"label": ["team=dev"]}, False),
        ({"label": ["team=ops", "none"]}, False),
        ({"search": "EW"}, True),
        ({"search": "old"}, False),
        ({"owner": "person:ada@example.org"}, True),
        ({"owner": "ada@example.org"}, True),
        ({"owner": "ada"}, False),
        ({"owner": "person"}, False),
    ],
)
def test_search(query: dict[str, Any], wanted: bool) -> None:
    labels = {"team": "ops", "kept": ""}
    workflow = WORKFLOW.model_copy(update={"labels": labels, "owner": "person:ada@example.org"})
    assert WorkflowQuery.model_validate(query).wants(workflow) is wanted
