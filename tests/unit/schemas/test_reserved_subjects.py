"""No block may send to a subject of Gnatwork or of NATS."""

import inspect
from collections.abc import Iterator

import pytest

from docs.generator.subjects import sections
from gnatwork_bus import topology
from gnatwork_schemas import subjects
from gnatwork_schemas.subjects import is_reserved

#: Names of events, not whole subjects; and keys, whose subjects are those of their streams.
_OTHERS = {"streams", "key-value buckets", "history", "consumers, buckets and their keys"}
#: They take a subject; and a verb of the API.
_NO_SUBJECTS = {"work_type", "is_reserved", "CONNECTION_RESOLVE"}


def _subjects() -> Iterator[str]:
    for stream in (topology.history(8), *topology.other_streams()):
        yield from stream.subjects
    yield subjects.history_base(0, "default", "w", "r")
    yield subjects.ACK_PREFIX
    for section, names in sections().items():
        for name in names if section not in _OTHERS else ():
            if name in _NO_SUBJECTS:
                continue
            found = getattr(subjects, name)
            if inspect.isfunction(found) and inspect.signature(found).return_annotation is str:
                kinds = [one.annotation for one in inspect.signature(found).parameters.values()]
                found = found(*(_any(kind) for kind in kinds))
            if isinstance(found, str) and "." in found:
                yield found


def _any(kind: object) -> object:
    return subjects.WorkSubject("x", "normal", "default", "r", "t", 1) if kind is subjects.WorkSubject else "x"


@pytest.mark.parametrize("subject", sorted(set(_subjects())))
def test_subjects_of_ours_are_reserved(subject: str) -> None:
    assert is_reserved(subject)


def test_all_kinds_are_looked_at() -> None:
    roots = {subject.partition(".")[0] for subject in _subjects()}
    assert roots >= subjects.OWN_ROOTS - {"_INBOX"} | {subjects.LIVE_ROOT, "$KV", "$O", "$JS"}


@pytest.mark.parametrize("subject", ["_INBOX.a", "_R_.a", "$SYS.a", "$SRV.PING", "history", "workflow"])
def test_so_are_those_of_nats(subject: str) -> None:
    assert is_reserved(subject)


@pytest.mark.parametrize("subject", ["orders.paid", "orders", "histories.a", "my.history.a", "Block.a", "a.$KV"])
def test_others_are_free(subject: str) -> None:
    assert not is_reserved(subject)
