from typing import Annotated, Any, Literal

import orjson
import pytest
from pydantic import BaseModel, Field, ValidationError

from gnatwork_bus.connection import ApiError
from gnatwork_manager.problems import (
    STATUS,
    ProblemError,
    describe,
    error_response,
    faults_of,
    invalid,
    to_problem,
)
from gnatwork_schemas.codes import CODES
from gnatwork_schemas.errors import (
    DefinitionError,
    InputError,
    MessageError,
    PayloadError,
    StoreFullError,
    UnavailableError,
)
from gnatwork_schemas.problem import Fault


def fault(code: str, pointer: str = "/blocks/0") -> Fault:
    return Fault(pointer=pointer, code=code, message="wrong")


def test_every_status_is_of_a_known_code() -> None:
    assert STATUS.keys() <= CODES.keys()
    assert all(400 <= status <= 599 for status in STATUS.values())


def test_says_what_happened_and_what_to_do() -> None:
    problem = to_problem("run.not_found", "there is no run 7")
    assert problem.status == 404
    assert problem.title == CODES["run.not_found"].meaning
    assert problem.detail == f"there is no run 7. {CODES['run.not_found'].advice}"
    assert problem.type.endswith("/run.not_found.md")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ProblemError("run.ended", "x"), 409, "run.ended"),
        (invalid("/a", "x"), 422, "request.invalid"),
        (DefinitionError((fault("definition.cycle"),)), 422, "definition.cycle"),
        (DefinitionError((fault("block.unknown_type"), fault("block.unknown_type"))), 422, "block.unknown_type"),
        (DefinitionError((fault("definition.cycle"), fault("template.invalid"))), 422, "definition.invalid"),
        (InputError((fault("input.invalid", "/input"),)), 422, "input.invalid"),
        (StoreFullError("x"), 503, "engine.store_full"),
        (UnavailableError("x"), 503, "engine.unavailable"),
        (ApiError(503, 10008, "JetStream system temporarily unavailable"), 503, "engine.unavailable"),
        (PayloadError("x"), 410, "payload.missing"),
        (ApiError(404, 10059, "stream not found"), 500, "internal.error"),
        (MessageError("secret"), 500, "internal.error"),
        (RuntimeError("secret"), 500, "internal.error"),
    ],
)
def test_describes_every_error(error: Exception, status: int, code: str) -> None:
    problem = describe(error)
    assert (problem.status, problem.code) == (status, code)
    assert "secret" not in problem.model_dump_json()


def test_keeps_the_faults_but_not_without_end() -> None:
    faults = tuple(fault("definition.cycle", f"/blocks/{n}") for n in range(1000))
    problem = describe(DefinitionError(faults))
    assert problem.errors == faults[:100]
    assert "1000 mistakes" in problem.detail
    assert "/blocks/0" in problem.detail


def test_over_http() -> None:
    response = error_response(ProblemError("request.method_not_allowed", headers={"Allow": "GET"}))
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert response.headers["content-type"] == "application/problem+json"
    assert orjson.loads(bytes(response.body))["code"] == "request.method_not_allowed"
    assert error_response(UnavailableError()).headers["retry-after"]


def test_faults_of_pydantic() -> None:
    found = faults_of([{"type": "value_error", "loc": ("query", "label", 3), "msg": "no"}], skip=1)
    assert found == (Fault(pointer="/label/3", code="request.invalid", message="no"),)


class Asked(BaseModel, extra="forbid"):
    """What a request may say."""

    limit: Annotated[int, Field(ge=1)] = 1
    kind: Literal["a", "b"] = "a"
    name: str = ""


@pytest.mark.parametrize(
    ("value", "pointer", "message"),
    [
        ({"limit": 0}, "/limit", "must be at least 1"),
        ({"limit": "x"}, "/limit", "must be a whole number"),
        ({"kind": "c"}, "/kind", "must be 'a' or 'b'"),
        ({"name": 1}, "/name", "must be a text"),
        ({"nmae": "x"}, "/nmae", "is not known here"),
    ],
)
def test_findings_are_told_in_our_words(value: dict[str, Any], pointer: str, message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Asked.model_validate(value)
    (found,) = faults_of(raised.value.errors(include_url=False), skip=0)
    assert (found.pointer, found.message) == (pointer, message)
