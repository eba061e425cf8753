from typing import Any

import orjson
import pytest
from support.executing import make_work

from gnatwork_executor.outcome import error_outcome, must_be_stored, output_outcome
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Error, Output
from gnatwork_schemas.payload import INLINE_LIMIT, PayloadRef

REF = PayloadRef(id="step-1-00", size=70_000, digest="sha256:00")


def test_an_output_is_what_the_schema_says() -> None:
    work = make_work("noop", task="page", attempt=2)
    outcome = output_outcome(work, b'{"a":[1,null]}', 1.5, 2.25, "me")
    expected = Output(task="page", attempt=2, output={"a": [1, None]}, started_at=1.5, ended_at=2.25, executor="me")
    assert orjson.loads(outcome.body) == expected.model_dump(mode="json")
    assert (outcome.subject, outcome.code) == (work.output_subject, None)


def test_a_stored_output_travels_as_a_reference() -> None:
    outcome = output_outcome(make_work("noop"), REF, 1.0, 2.0, "me")
    assert orjson.loads(outcome.body)["output"] == {"$payload": REF.model_dump()}


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (b"1", False),
        (b'{"$payloads":{}}', False),
        (b'{"a":{"$payload":{}}}', False),
        (b'{"$payload":{}}', True),
        (b"x" * INLINE_LIMIT, False),
        (b"x" * (INLINE_LIMIT + 1), True),
    ],
)
def test_what_is_large_or_looks_like_a_reference_is_stored(value: bytes, stored: bool) -> None:
    assert must_be_stored(value) is stored


@pytest.mark.parametrize("length", [10, 10_000_000])
def test_an_error_fits_into_a_message(length: int) -> None:
    info = ErrorInfo(code="a.b", message="m" * length, details={"text": "d" * length})
    outcome = error_outcome(make_work("noop"), info, 1.0, 2.0, "me")
    error = Error.model_validate_json(outcome.body).error
    assert len(outcome.body) < INLINE_LIMIT
    assert outcome.code == "a.b"
    assert (error == info) is (length == 10)


@pytest.mark.parametrize(
    ("message", "details"),
    [("m", {"n": 1 << 70}), ("m", {"text": "\ud800"}), ("a \ud800 b", None), ("m", {1: {2}})],
)
def test_an_error_can_be_told_whatever_a_block_puts_into_it(message: str, details: dict[str, Any] | None) -> None:
    info = ErrorInfo.model_construct(code="a.b", message=message, details=details)
    outcome = error_outcome(make_work("noop"), info, 1.0, 2.0, "me")
    assert Error.model_validate_json(outcome.body).error.code == "a.b"


def test_a_code_that_no_message_holds_is_cut() -> None:
    info = ErrorInfo(code=".".join(["a"] * 1_000_000), message="no")
    error = Error.model_validate_json(error_outcome(make_work("noop"), info, 1.0, 2.0, "me").body)
    assert error.error.code == ".".join(["a"] * 128)
