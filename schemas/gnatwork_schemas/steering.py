"""The block types that steer a run: built into the engine, no executor hosts them.

Their configs as people write them, and their entries beside those of the catalogue.
"""

from types import MappingProxyType
from typing import Any

from pydantic import Field

from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import MAX_STEPS, STEP_CONCURRENCY, ScriptLanguage
from gnatwork_schemas.definition import MAX_ITERATIONS, OnError
from gnatwork_schemas.duration import PositiveDuration
from gnatwork_schemas.model import StrictModel
from gnatwork_schemas.names import LoopName

LOOP, GROUP, DELAY, WAIT, WORKFLOW = "loop", "group", "delay", "wait", "workflow"
SCRIPT = "script"

#: Bytes of UTF-8 that the source of a program may have.
MAX_SOURCE = 256 * 1024


class LoopConfig(StrictModel, populate_by_name=False):
    """How a loop goes round: exactly one of `items`, `while` and `until`."""

    items: Any = Field(
        default=None,
        description="Once per item of this array: a template that yields one, or the array itself.",
    )
    while_: str | None = Field(
        default=None,
        alias="while",
        min_length=1,
        description="A JavaScript expression, asked before each iteration: the loop goes on as long as it holds.",
    )
    until: str | None = Field(
        default=None,
        min_length=1,
        description="A JavaScript expression, asked after each iteration: the loop ends once it holds.",
    )
    as_: LoopName = Field(
        default="item", alias="as", description="What templates and expressions inside call the item."
    )
    concurrency: int = Field(
        default=10, ge=1, le=10_000, description="Iterations at once; with `while` and `until` it is always one."
    )
    max_iterations: int = Field(
        default=10_000, ge=1, le=MAX_ITERATIONS, description="More items, or more iterations, are an error."
    )
    on_error: OnError = Field(
        default="fail",
        description='`continue`: an iteration that fails does not end the loop, it yields `{"error": …}` instead.',
    )


class GroupConfig(StrictModel):
    """Nothing: a group is its blocks."""


class DelayConfig(StrictModel, populate_by_name=False):
    """How long, or until when: exactly one of the two."""

    for_: str | int | float | None = Field(
        default=None, alias="for", description="A duration such as `90s` or `7d`, or a template that yields one."
    )
    until: str | None = Field(
        default=None,
        description="A time such as `2026-05-01T09:00:00Z`, or a template that yields one; one that has passed is now.",
    )


class WaitConfig(StrictModel, populate_by_name=False):
    """What to wait for."""

    signal: str | None = Field(
        default=None,
        description="Name of the signal, or a template that yields one; default: the id of the block.",
    )
    schema_: dict[str, Any] | bool | None = Field(
        default=None, alias="schema", description="JSON Schema of the signal's data; one that fails it is refused."
    )
    timeout: PositiveDuration | None = Field(
        default=None, description="How long to wait; past it the block fails with `wait.timeout`. Default: for ever."
    )


class WorkflowConfig(StrictModel):
    """Which workflow to run, and with what."""

    name: str = Field(description="Name of the workflow, or a template that yields one.")
    version: int | str | None = Field(
        default=None, description="Number of the version, or a template that yields one; default: the published one."
    )
    input: Any = Field(default=None, description="The input of the child run; may hold templates.")
    wait: bool = Field(default=True, description="`false`: go on as soon as the child run has been started.")


class ScriptConfig(StrictModel):
    """A program, and what it is called with."""

    language: ScriptLanguage = Field(default="javascript", description="What the program is written in.")
    source: str = Field(
        min_length=1,
        description="The program: functions, at most 256 KiB. A literal text, in which `{{` means nothing.",
    )
    entry: LoopName = Field(default="main", description="The function of the program that is called first.")
    args: Any = Field(default="{{ input }}", description="What it is called with; may hold templates.")
    max_steps: int = Field(
        default=MAX_STEPS, ge=1, le=1_000_000, description="More steps and transitions than these are an error."
    )
    concurrency: int = Field(
        default=STEP_CONCURRENCY, ge=1, le=10_000, description="Steps under way at once; others wait for their turn."
    )


_ENTRIES = (
    BlockType(
        type=LOOP,
        title="Loop",
        summary="Runs its blocks once per item, or as long as, or until, an expression holds.",
        icon="repeat",
        category="logic",
        config_schema=LoopConfig.model_json_schema(),
        output_schema={
            "type": "array",
            "description": "Per iteration, in order: the outputs of the blocks inside that nothing else inside waits"
            ' for, by id; `{"error": …}` for one that failed where the loop goes on.',
        },
        examples=(
            {"items": "{{ page.body.links }}", "as": "link", "concurrency": 5},
            {"until": "page.body.next === null", "max_iterations": 100},
        ),
    ),
    BlockType(
        type=GROUP,
        title="Group",
        summary="Runs its blocks as one: they fail, are skipped and are waited for together.",
        icon="group",
        category="logic",
        config_schema=GroupConfig.model_json_schema(),
        output_schema={
            "type": "object",
            "description": "The outputs of the blocks inside that nothing else inside waits for, by id.",
        },
        examples=({},),
    ),
    BlockType(
        type=DELAY,
        title="Delay",
        summary="Waits for a time, however long, and holds nothing meanwhile.",
        icon="timer",
        category="logic",
        config_schema=DelayConfig.model_json_schema(),
        output_schema={"type": "null", "description": "Always null."},
        examples=({"for": "2h"}, {"until": "2026-05-01T09:00:00+02:00"}),
    ),
    BlockType(
        type=WAIT,
        title="Wait",
        summary="Waits for a signal: for what a person or a program has to say.",
        icon="hand",
        category="logic",
        config_schema=WaitConfig.model_json_schema(),
        output_schema={"description": "The data of the signal."},
        examples=({"signal": "approval", "schema": {"type": "object", "required": ["approved"]}, "timeout": "7d"},),
    ),
    BlockType(
        type=WORKFLOW,
        title="Workflow",
        summary="Runs a stored workflow as a child run and yields its output.",
        icon="workflow",
        category="logic",
        config_schema=WorkflowConfig.model_json_schema(),
        output_schema={
            "description": "The output of the child run; with `wait: false` the `run_id` and the `workflow` of what was"
            " started."
        },
        examples=({"name": "invoice", "input": {"order": "{{ input.order }}"}}, {"name": "audit", "wait": False}),
    ),
    BlockType(
        type=SCRIPT,
        title="Script",
        summary="Runs a program that decides as it goes which steps to take; each of them is a task of the run.",
        icon="scroll-text",
        category="logic",
        config_schema=ScriptConfig.model_json_schema(),
        output_schema={"description": "What the program yields."},
        examples=(
            {"source": "async function main(input) { return (await step('fetch', {url: input.url})).body; }"},
            {
                "language": "python",
                "source": "async def main(args):\n    return await step('noop', args)\n",
                "args": {"order": "{{ input.order }}"},
            },
        ),
    ),
)

#: Their configs, by type.
CONFIGS = MappingProxyType(
    {
        LOOP: LoopConfig,
        GROUP: GroupConfig,
        DELAY: DelayConfig,
        WAIT: WaitConfig,
        WORKFLOW: WorkflowConfig,
        SCRIPT: ScriptConfig,
    }
)
#: The entries, by type.
STEERING = MappingProxyType({entry.type: entry for entry in _ENTRIES})
