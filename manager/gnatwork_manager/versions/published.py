"""What publishing a version makes of a workflow's document. Pure."""

import secrets
from collections.abc import Callable

from gnatwork_manager.definitions import Compiled
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas.problem import Fault
from gnatwork_schemas.triggers import WebhookTrigger
from gnatwork_schemas.workflow import StoredWorkflow

#: Bytes of chance in the address of a webhook, 22 characters.
_ADDRESS = 16


def check_added(workflow: StoredWorkflow, compiled: Compiled) -> None:
    """Raise ProblemError `trigger.exists` when a trigger of a definition was added by the API as well."""
    for place, trigger in enumerate(compiled.triggers):
        if trigger.id in workflow.added:
            message = f"there is a trigger `{trigger.id}` that was added by the API"
            fault = Fault(pointer=f"/triggers/{place}/id", code="trigger.exists", message=message)
            raise ProblemError("trigger.exists", message, errors=(fault,))


def published(workflow: StoredWorkflow, number: int, compiled: Compiled) -> StoredWorkflow:
    """The document with this version published, and with it its labels and triggers, all at once.

    `compiled` is its definition as it compiles today: block types may have changed since the version was made. A
    document that says so already is given back as it is. Raises ProblemError `trigger.exists`.
    """
    check_added(workflow, compiled)
    version = workflow.versions[str(number)].model_copy(update={"control_block": compiled.digest})
    changes = {
        "published": number,
        "versions": {**workflow.versions, str(number): version},
        "labels": compiled.control_block.labels,
        "defined": compiled.triggers,
    }
    same = all(getattr(workflow, field) == value for field, value in changes.items())
    return workflow if same else workflow.model_copy(update=changes)


def with_hooks(
    workflow: StoredWorkflow, new: Callable[[], str] = lambda: secrets.token_urlsafe(_ADDRESS)
) -> StoredWorkflow:
    """The document with an address for each webhook, and with nothing that is left of triggers that are gone."""
    triggers = workflow.triggers()
    hooks = {
        id_: workflow.hooks.get(id_) or new()
        for id_, trigger in triggers.items()
        if isinstance(trigger, WebhookTrigger)
    }
    switched = {id_: on for id_, on in workflow.switched.items() if id_ in triggers}
    return workflow.model_copy(update={"hooks": hooks, "switched": switched})
