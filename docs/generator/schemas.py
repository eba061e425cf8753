"""`docs/reference/schemas`: the JSON Schema of everything that crosses a process border."""

import json
from typing import Any, get_args

from pydantic import BaseModel

from docs.generator.comments import field_comment, first_paragraph
from docs.generator.markdown import page, table
from gnatwork_schemas import (
    audit,
    catalogue,
    control_block,
    definition,
    diff,
    executors,
    implicit,
    integration,
    letters,
    live,
    messages,
    payload,
    people,
    problem,
    status,
    workflow,
)

BASE = "https://github.com/gnatwork/gnatwork/blob/main/docs/reference/schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: By file name.
MODELS: dict[str, type[BaseModel]] = {
    "definition": definition.Definition,
    "control-block": control_block.ControlBlock,
    "block-type": catalogue.BlockType,
    "living-executor": executors.LivingExecutor,
    "listed-block": executors.ListedBlock,
    "trigger-type": integration.TriggerType,
    "connection-kind": integration.ConnectionKind,
    "start": messages.Start,
    "work": messages.Work,
    "output": messages.Output,
    "error": messages.Error,
    "claimed": messages.Claimed,
    "cancel-request": messages.CancelRequest,
    "pause-request": messages.PauseRequest,
    "resume-request": messages.ResumeRequest,
    "stop-control": messages.StopControl,
    "signal": messages.Signal,
    "child-ended": messages.ChildEnded,
    "limit-acquire": messages.LimitAcquire,
    "limit-release": messages.LimitRelease,
    "limit-granted": messages.LimitGranted,
    "limit-refused": messages.LimitRefused,
    "limit-snapshot": messages.LimitSnapshot,
    "trigger-due": messages.TriggerDue,
    "evaluate": messages.Evaluate,
    "evaluated": messages.Evaluated,
    "timer-fired": messages.TimerFired,
    "complete": messages.Complete,
    "failed": messages.Failed,
    "cancelled": messages.Cancelled,
    "timed-out": messages.TimedOut,
    "dead-letter": messages.DeadLetter,
    "found-dead-letter": letters.FoundDeadLetter,
    "started": live.Started,
    "progress": live.Progress,
    "log": live.Log,
    "log-line": live.LogLine,
    "payload-reference": payload.PayloadRef,
    "items-reference": payload.ItemsRef,
    "item-reference": payload.ItemRef,
    "expand": implicit.Expand,
    "expanded": implicit.Expanded,
    "collect": implicit.Collect,
    "start-run": implicit.StartRun,
    "started-run": implicit.StartedRun,
    "run-result": implicit.RunResult,
    "reuse-output": implicit.ReuseOutput,
    "slice": implicit.Slice,
    "sliced": implicit.Sliced,
    "stored-workflow": workflow.StoredWorkflow,
    "workflow": workflow.Workflow,
    "workflow-version": workflow.WorkflowVersion,
    "workflow-diff": diff.WorkflowDiff,
    "hook-path": workflow.HookPath,
    "run-summary": status.RunSummary,
    "run": status.Run,
    "task": status.Task,
    "person": people.Person,
    "invitation": people.Invitation,
    "api-key": people.ApiKey,
    "tokens": people.Tokens,
    "audit-entry": audit.AuditEntry,
    "audit-record": audit.AuditRecord,
    "problem": problem.Problem,
}


def pages() -> dict[str, str]:
    """The schemas and their index."""
    found = {f"schemas/{name}.json": schema_text(name) for name in MODELS}
    rows = [(f"[`{name}.json`]({name}.json)", first_paragraph(model)) for name, model in MODELS.items()]
    found["schemas/README.md"] = page(
        "JSON Schemas",
        "Of everything that people and programs exchange with Gnatwork, draft 2020-12. What each of them is for, with"
        " examples, is told in [The definition](../definition.md), [Messages](../messages.md) and [HTTP](../http.md).",
        table(("Schema", "What"), rows),
    )
    return found


def schema_text(name: str) -> str:
    """The file of a schema."""
    model = MODELS[name]
    schema = model.model_json_schema()
    models = _models_within(model)
    for described, part in [(model.__name__, schema), *schema.get("$defs", {}).items()]:
        if described in models:
            _describe(part, models[described])
    return json.dumps({"$schema": _DIALECT, "$id": f"{BASE}/{name}.json", **schema}, indent=2) + "\n"


def _describe(part: dict[str, Any], model: type[BaseModel]) -> None:
    """Put what the code says of the model and its fields into its schema."""
    part["description"] = first_paragraph(model)
    for field, schema in part.get("properties", {}).items():
        schema.pop("title", None)
        if text := field_comment(model, field):
            schema["description"] = text


def _models_within(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """By name, the model and all that its fields hold."""
    found = {model.__name__: model}
    pending: list[Any] = [model]
    while pending:
        current = pending.pop()
        if isinstance(current, type) and issubclass(current, BaseModel):
            found[current.__name__] = current
            # What stands further down in its module is known by name alone until someone asks.
            current.model_rebuild()
            inner = [field.annotation for field in current.model_fields.values()]
        else:
            inner = list(get_args(current))
        pending += [one for one in inner if getattr(one, "__name__", "") not in found]
    return found
