import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.executing import base_of, make_work, subject_of

from gnatwork_executor.item import history_base_of, read_work
from gnatwork_schemas.errors import MessageError, UnknownVersionError


def test_an_item_is_read() -> None:
    work = make_work("noop", {"a": 1}, task="each/3/notify", idempotent=False)
    assert read_work(subject_of(work), work.model_dump_json().encode()) == work
    assert history_base_of(work) == base_of(work)


def test_fields_that_are_not_known_are_ignored() -> None:
    work = make_work("noop")
    data = work.model_dump_json()[:-1] + ',"colour":"green"}'
    assert read_work(subject_of(work), data.encode()) == work


def test_another_version_is_refused() -> None:
    work = make_work("noop")
    with pytest.raises(UnknownVersionError, match="version 2"):
        read_work(subject_of(work), work.model_dump_json().replace('"v":1', '"v":2').encode())


def test_what_is_wrong_is_told_without_the_values() -> None:
    work = make_work("noop", {"password": "1234"})
    data = work.model_dump_json().replace('"attempt":1', '"attempt":"1234"').replace('"timeout":30.0,', "")
    with pytest.raises(MessageError) as told:
        read_work(subject_of(work), data.encode())
    assert "timeout: Field required" in str(told.value)
    assert "password" not in str(told.value)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_an_item_or_refused(data: bytes) -> None:
    with pytest.raises(MessageError):
        read_work(subject_of(make_work("noop")), data)


@given(st.text())
def test_any_subject_is_the_items_or_refused(subject: str) -> None:
    work = make_work("noop")
    with pytest.raises(MessageError):
        read_work(subject, work.model_dump_json().encode())
