"""Requests made from an OpenAPI document, right ones and wrong ones, and whether the answers are as it says."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import schemathesis
from schemathesis.config import ProjectConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from gnatwork_schemas.names import BLOCK_ID_PATTERN

#: Checks that do not hold here, with the reason.
_LEFT_OUT = (
    # More is asked of a definition, a cron or a cursor than a JSON Schema can say.
    "positive_data_acceptance",
    # `/workflows/validate` is also the page of a workflow of this name, so it takes more than the document shows there.
    "allow_header_conformance",
)
#: Seconds that an answer may take on a busy machine.
_PATIENCE = 30
#: Definitions in short: to go through all of their language takes thousands of requests for each operation.
_SHORT_DEFINITION = {
    "type": "object",
    "properties": {
        "blocks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "string", "pattern": BLOCK_ID_PATTERN}, "type": {"const": "noop"}},
                "required": ["id", "type"],
                "additionalProperties": False,
            },
            "minItems": 1,
            "maxItems": 1,
        },
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["blocks"],
    "additionalProperties": False,
}


class Finding(NamedTuple):
    """An answer that is not as the document says."""

    operation: str
    check: str
    message: str
    request: str
    answer: str

    def __str__(self) -> str:
        """As a failing test shows it."""
        return f"{self.operation}: {self.check}: {self.message}\n  {self.request}\n  {self.answer}"


class Examination(NamedTuple):
    """What came of it."""

    #: Requests by operation.
    requests: dict[str, int]
    findings: list[Finding]


def examine(url: str, token: str, *, examples: int, seed: int = 1, definitions: bool = False) -> Examination:
    """Call every operation of the document at a URL, but for streams of events. Blocks.

    Args:
        url: of the manager.
        token: to show.
        examples: random requests for each operation, beside those that follow from its schema.
        seed: of the random ones.
        definitions: whether to go through all that a definition may have, too.
    """
    config = schemathesis.Config(seed=seed)
    project = config.projects.default
    _set_up(project, token, examples)
    document = httpx.get(f"{url}/openapi.json", headers=project.headers, timeout=_PATIENCE).json()
    if not definitions:
        document["components"]["schemas"]["Definition"] = _SHORT_DEFINITION
    everything = schemathesis.openapi.from_dict(document, config=config)
    everything.config.update(base_url=url)
    schema = everything.exclude(lambda context: _streams(context.operation))
    requests: dict[str, int] = {}
    findings: list[Finding] = []
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            requests[event.label or ""] = requests.get(event.label or "", 0) + len(event.recorder.cases)
            findings += _findings(event.label or "", event.recorder)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            findings.append(Finding(str(getattr(event, "label", "")), "error", str(event), "", ""))
    return Examination(requests, findings)


def _streams(operation: Any) -> bool:
    """Whether its answer has no end; tests of its own read it."""
    return "text/event-stream" in str(operation.definition.raw["responses"].get("200"))


def _set_up(project: ProjectConfig, token: str, examples: int) -> None:
    project.headers = {"Authorization": f"Bearer {token}"}
    project.request_timeout = _PATIENCE
    project.continue_on_failure = True
    # What would wait for minutes for runs that nobody executes.
    project.parameters = {"query.wait": "1ms"}
    project.generation.max_examples = examples
    project.generation.deterministic = True
    project.generation.database = "none"
    for name in _LEFT_OUT:
        getattr(project.checks, name).enabled = False
    # Too much of something is refused before it is looked at.
    project.checks.negative_data_rejection.expected_statuses += ["408", "413", "414", "431"]
    project.phases.stateful.enabled = False


def _findings(operation: str, recorder: ScenarioRecorder) -> Iterator[Finding]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info:
                case: Any = recorder.cases[case_id].value
                interaction = recorder.interactions.get(case_id)
                response = interaction.response if interaction else None
                answer = f"{response.status_code} {response.content[:500]!r}" if response else "no answer"
                yield Finding(
                    operation, check.name, check.failure_info.failure.message, case.as_curl_command()[:600], answer
                )
