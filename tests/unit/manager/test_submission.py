from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_manager.claims import Claim, claim_key, parse_claim
from gnatwork_manager.orders import CopiedInput, GivenInput, NewRun, Order, Stored, begin_at, given_input
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.submission import (
    StoredSubmission,
    Submission,
    merge_labels,
    moved,
    parse_at,
    parse_idempotency_key,
    parse_stored_submission,
    parse_submission,
    parse_traceparent,
    parse_wait,
)
from gnatwork_schemas.messages import Reuse, Start
from gnatwork_schemas.payload import INLINE_LIMIT, PayloadRef
from gnatwork_schemas.problem import Fault
from gnatwork_schemas.status import RunStatus

RUN_ID = "0190a5a0-0000-7000-8000-000000000000"
OTHER_ID = "0190a5a0-0000-7000-8000-000000000001"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def new_run(idempotency_key: str | None = None, **fields: Any) -> NewRun:
    order = Order(
        **{
            "workflow": "adhoc",
            "control_block": "sha256-0",
            "responses": (),
            "input": GivenInput(b"null", apart=False),
            "labels": {},
            "digest": str,
            **fields,
        }
    )
    return NewRun(run_id=RUN_ID, namespace="default", order=order, idempotency_key=idempotency_key)


def test_a_definition_stands_under_workflow() -> None:
    submission = parse_submission({"workflow": {"blocks": []}, "input": 1, "labels": {"a": "b"}})
    assert submission == Submission(definition={"blocks": []}, pointer="/workflow", input=1, labels={"a": "b"})


def test_a_definition_may_be_wrapped() -> None:
    submission = parse_submission({"workflow": {"definition": {"blocks": []}}})
    assert (submission.definition, submission.pointer) == ({"blocks": []}, "/workflow/definition")
    assert (submission.input, submission.labels) == (None, {})


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (None, ""),
        ([], ""),
        ({}, "/workflow"),
        ({"workflow": "name"}, "/workflow"),
        ({"workflow": {"definition": 1}}, "/workflow/definition"),
        ({"workflow": {}, "imput": 1}, "/imput"),
        ({"workflow": {}, "labels": []}, "/labels"),
        ({"workflow": {}, "labels": {"a": 1}}, "/labels/a"),
        ({"workflow": {}, "labels": {"a": "x" * 257}}, "/labels/a"),
        ({"workflow": {}, "labels": {str(n): "" for n in range(33)}}, "/labels"),
    ],
)
def test_what_is_no_submission_is_refused_at_its_place(value: Any, pointer: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_submission(value)
    assert caught.value.code == "request.invalid"
    assert caught.value.errors[0].pointer == pointer


@given(JSON)
def test_any_json_is_a_submission_or_refused(value: Any) -> None:
    try:
        submission = parse_submission(value)
    except ProblemError as error:
        assert error.errors  # noqa: PT017 - either is right
    else:
        assert isinstance(submission.definition, dict)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, None), ("", None), ("30s", 30), ("30", 30), (30, 30), ("500ms", 0.5), ("1h", 300), ("0", 0)],
)
def test_waits(text: str | None, seconds: float | None) -> None:
    assert parse_wait(text) == seconds


@pytest.mark.parametrize("text", ["soon", "-1", "1e3", "∞", "²", True, [], {}])
def test_odd_waits_are_refused(text: Any) -> None:
    with pytest.raises(ProblemError):
        parse_wait(text)


def test_idempotency_keys() -> None:
    assert parse_idempotency_key(None) is None
    assert parse_idempotency_key("x" * 255) == "x" * 255
    for odd in ("", "x" * 256, "a\nb", "ä"):
        with pytest.raises(ProblemError):
            parse_idempotency_key(odd)


def test_trace_contexts() -> None:
    good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert parse_traceparent(good) == good
    assert [parse_traceparent(text) for text in (None, "", "00-xyz", f"{good}\r\nx: y")] == [None] * 4


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("1970-01-01T00:00:10Z", 10),
        ("1970-01-01t01:00:00.5+01:00", 0.5),
        ("2026-11-20 08:00:00Z", 1795161600),
    ],
)
def test_times(text: str | None, seconds: float | None) -> None:
    assert parse_at(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-11-20", "2026-11-20T08:00:00", "2026-13-01T00:00:00Z", 1795161600, True, {}]
)  # fmt: skip
def test_odd_times_are_refused(text: Any) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_at(text)
    assert caught.value.errors[0].pointer == "/at"


def test_the_past_is_now_and_the_far_future_is_refused() -> None:
    assert [begin_at(at, 100.0) for at in (None, -5.0, 100.0, 101.0)] == [None, None, None, 101.0]
    assert begin_at(100.0 + 10 * 365 * 86400, 100.0)
    with pytest.raises(ProblemError):
        begin_at(101.0 + 10 * 365 * 86400, 100.0)


def test_a_stored_workflow_needs_nothing_more_than_its_name() -> None:
    assert parse_stored_submission("news", {}) == StoredSubmission(name="news")
    full = parse_stored_submission(
        "news", {"input": 1, "labels": {"a": "b"}, "version": 2, "at": "1970-01-01T00:00:10Z"}
    )
    assert full == StoredSubmission(name="news", version=2, input=1, labels={"a": "b"}, at=10)


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (None, ""),
        ([], ""),
        ({"workflow": {}}, "/workflow"),
        ({"version": 0}, "/version"),
        ({"version": "2"}, "/version"),
        ({"version": True}, "/version"),
        ({"at": 3}, "/at"),
        ({"labels": 3}, "/labels"),
    ],
)
def test_what_starts_no_stored_workflow_is_refused_at_its_place(value: Any, pointer: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_stored_submission("news", value)
    assert caught.value.errors[0].pointer == pointer


@given(JSON, st.none() | st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1))
def test_the_start_is_what_the_schema_says(value: Any, key: str | None) -> None:
    given_ = given_input(value)
    start = Start.model_validate_json(new_run(key, input=given_, labels={"a": "b"}).start_event())
    assert start.input == orjson.loads(given_.json)
    assert (start.run_id, start.workflow, start.control_block) == (RUN_ID, "adhoc", "sha256-0")
    assert (start.labels, start.idempotency_key, start.trigger.type, start.version) == ({"a": "b"}, key, "api", None)
    assert (start.at, start.retry_of, start.reuse) == (None, None, None)


def test_a_large_input_is_a_reference() -> None:
    reference = PayloadRef(id="input", size=9, digest="sha256:0")
    for given_ in (GivenInput(b'"large"', apart=True), CopiedInput("another", reference)):
        start = Start.model_validate_json(new_run(input=given_).start_event(Stored(reference)))
        assert start.input == {"$payload": reference.model_dump()}


def test_which_inputs_are_stored_apart() -> None:
    assert given_input("x" * (INLINE_LIMIT - 2)) == (b'"' + b"x" * (INLINE_LIMIT - 2) + b'"', False)
    assert given_input("x" * INLINE_LIMIT).apart
    assert given_input({"$payload": {}}).apart
    assert not given_input({"$payload": 1}).apart


def test_a_retry_says_what_it_reuses_and_stores_apart_what_is_too_much() -> None:
    few = new_run(retry_of=OTHER_ID, version=3, reuse=Reuse(run_id=OTHER_ID, tasks={"a": 2, "each/0/b": 7}))
    assert few.reuse_json() is None
    start = Start.model_validate_json(few.start_event())
    assert (start.version, start.retry_of) == (3, OTHER_ID)
    assert start.reuse == Reuse(run_id=OTHER_ID, tasks={"a": 2, "each/0/b": 7})
    tasks = {f"each/{n}/b": n for n in range(5000)}
    many = new_run(reuse=Reuse(run_id=OTHER_ID, tasks=tasks))
    assert orjson.loads(many.reuse_json() or b"") == tasks
    reference = PayloadRef(id="reuse", size=9, digest="sha256:0")
    stored = Start.model_validate_json(many.start_event(Stored(reuse=reference))).reuse
    assert stored == Reuse(run_id=OTHER_ID, stored=reference)


def test_a_new_run_is_pending() -> None:
    summary = new_run(labels={"a": "b"}, version=2, retry_of=OTHER_ID).summary(1.5)
    assert (summary.status, summary.sequence, summary.created_at) == (RunStatus.PENDING, 0, 1.5)
    assert (summary.labels, summary.blocks, summary.trigger.type) == ({"a": "b"}, {}, "api")
    assert (summary.version, summary.retry_of) == (2, OTHER_ID)


def test_labels_of_the_run_win() -> None:
    assert merge_labels({"a": "1", "b": "1"}, {"b": "2"}) == {"a": "1", "b": "2"}
    assert merge_labels({}, {"b": "2"}) == {"b": "2"}
    assert merge_labels({"a": "1"}, {}) == {"a": "1"}
    with pytest.raises(ProblemError):
        merge_labels({str(n): "" for n in range(20)}, {f"x{n}": "" for n in range(20)})


def test_faults_point_into_the_request() -> None:
    (fault,) = moved((Fault(pointer="/blocks/0", code="definition.cycle", message=""),), "/workflow")
    assert fault.pointer == "/workflow/blocks/0"


def test_claims_survive_storage() -> None:
    claim = Claim(RUN_ID, "abc")
    assert parse_claim(claim.encode()) == claim
    assert parse_claim(replace(claim, begun=True).encode()).begun
    assert not claim.begun
    claim.check_same("abc")
    with pytest.raises(ProblemError) as caught:
        claim.check_same("other")
    assert (caught.value.code, RUN_ID in caught.value.detail) == ("idempotency.conflict", True)


def test_keys_of_claims_are_of_their_namespace() -> None:
    assert claim_key("a", "k") != claim_key("b", "k")
    assert claim_key("a", "k. >*").count(".") == 1


def test_the_order_of_fields_makes_no_other_request() -> None:
    one = Submission(definition={"a": 1, "b": 2}, pointer="", input={"x": 1, "y": 2})
    two = Submission(definition={"b": 2, "a": 1}, pointer="/workflow", input={"y": 2, "x": 1})
    assert one.digest() == two.digest()
    assert one.digest() != Submission(definition={"a": 1, "b": 2}, pointer="", input=None).digest()
    assert one.digest() != Submission(definition={"a": 1, "b": 2}, pointer="", input={"x": 1, "y": 2}, at=9.0).digest()
    assert StoredSubmission(name="a").digest() != StoredSubmission(name="a", version=1).digest()
