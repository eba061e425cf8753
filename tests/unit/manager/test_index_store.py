from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from gnatwork_manager.index import query
from gnatwork_manager.index.feed import coalesce
from gnatwork_manager.index.place import place_of
from gnatwork_manager.index.query import RunFilter, list_query
from gnatwork_manager.index.store import (
    FILE_NAME,
    BrokenIndexError,
    Change,
    IndexFileError,
    IndexStore,
    Position,
    Removal,
)
from gnatwork_manager.run_ids import new_run_id
from gnatwork_schemas.status import RunStatus, RunSummary


def run(run_id: str, **fields: Any) -> RunSummary:
    return RunSummary.model_validate(
        {
            "run_id": run_id,
            "namespace": "default",
            "workflow": "adhoc",
            "status": RunStatus.RUNNING,
            "created_at": 1.0,
            "sequence": 1,
            **fields,
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[IndexStore]:
    store = IndexStore(tmp_path)
    yield store
    store.close()


def ids(store: IndexStore, before: int | None = None, limit: int = 100, **wanted: Any) -> list[str]:
    return [document["run_id"] for document in documents(store, before, limit, **wanted)]


def documents(store: IndexStore, before: int | None = None, limit: int = 100, **wanted: Any) -> list[dict[str, Any]]:
    rows = store.query(list_query("default", RunFilter(**wanted), before, limit))
    assert [place for place, _ in rows] == sorted({place for place, _ in rows}, reverse=True)
    return [orjson.loads(document) for _, document in rows]


def made(milliseconds: int) -> str:
    """The id of a run that was submitted then."""
    return new_run_id(milliseconds * 1_000_000)


def test_newest_first_and_page_by_page(store: IndexStore) -> None:
    a, b, c, d = (made(time) for time in (1_000, 1_001, 1_001, 2_000))
    b, c = sorted((b, c))
    store.write([run(b), run(d), run(a), run(c), run(made(1_500), namespace="acme")], None)
    assert ids(store) == [d, c, b, a]
    assert ids(store, before=place_of(d, 0.0)) == [c, b, a]
    assert ids(store, before=place_of(c, 0.0), limit=1) == [b]
    assert ids(store, before=place_of(a, 0.0)) == []


def test_two_runs_of_one_place_are_both_there(store: IndexStore) -> None:
    first = made(1_000)
    second = first[:-1] + ("0" if first[-1] != "0" else "1")
    store.write([run(first), run(second)], None)
    assert sorted(ids(store)) == sorted([first, second])
    store.write([run(second, sequence=2, status="completed"), Removal("default", first)], None)
    assert ids(store) == ids(store, statuses=(RunStatus.COMPLETED,)) == [second]


def test_documents_are_summaries(store: IndexStore) -> None:
    store.write([run("a", labels={"k": "v"}, blocks={"x": {"queued": 1}})], None)
    (document,) = documents(store)
    assert (document["run_id"], document["labels"], document["blocks"]) == ("a", {"k": "v"}, {"x": {"queued": 1}})
    assert "v" not in document


def test_an_older_document_never_replaces_a_newer(store: IndexStore) -> None:
    store.write([run("a", sequence=5, status="completed")], None)
    store.write([run("a", sequence=4, status="running")], None)
    assert [document["status"] for document in documents(store)] == ["completed"]
    assert ids(store, statuses=(RunStatus.RUNNING,)) == []


def test_removal_takes_the_labels_along(store: IndexStore) -> None:
    store.write([run("a", labels={"k": "v"})], None)
    store.write([Removal("default", "a")], None)
    assert ids(store) == []
    store.write([run("a")], None)
    assert ids(store, labels=(("k", "v"),)) == []


def test_position_and_changes_are_written_together(store: IndexStore) -> None:
    assert store.position() is None
    store.write([run("a")], Position("made-then", 7))
    assert store.position() == Position("made-then", 7)
    broken: list[Any] = [run("b"), object()]
    with pytest.raises(AttributeError):
        store.write(broken, Position("made-then", 8))
    assert (ids(store), store.position()) == (["a"], Position("made-then", 7))


def test_clearing_forgets_everything(store: IndexStore) -> None:
    store.write([run("a", labels={"k": "v"})], Position("s", 7))
    store.clear()
    assert (ids(store), store.position()) == ([], None)


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "runs.sqlite3").mkdir()
    with pytest.raises(IndexFileError, match=f"can't be opened; .*: {tmp_path}/runs.sqlite3, unable to open"):
        IndexStore(tmp_path)


def test_what_was_written_is_there_when_opened_again(tmp_path: Path) -> None:
    store = IndexStore(tmp_path / "deep" / "down")
    store.write([run("a")], Position("s", 7))
    store.close()
    again = IndexStore(tmp_path / "deep" / "down")
    assert (ids(again), again.position()) == (["a"], Position("s", 7))
    again.close()


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    store = IndexStore(tmp_path)
    store.write([run("a")], None)
    assert ids(store) == ["a"]
    store.close()


def test_another_layout_is_made_anew(tmp_path: Path, store: IndexStore) -> None:
    store.write([run("a")], None)
    store._writer.execute("PRAGMA user_version = 99")
    again = IndexStore(tmp_path)
    assert ids(again) == []
    again.close()


def test_damage_is_told_from_other_errors(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    store.write([run(str(number)) for number in range(500)], None)
    store.close()
    path = tmp_path / FILE_NAME
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    damaged = IndexStore(tmp_path)
    with pytest.raises(BrokenIndexError):
        ids(damaged)
    damaged.recreate()
    assert ids(damaged) == []
    damaged.close()


FILTERS: list[dict[str, Any]] = [
    {},
    {"workflow": "adhoc"},
    {"statuses": (RunStatus.RUNNING,)},
    {"statuses": (RunStatus.RUNNING, RunStatus.COMPLETED)},
    {"workflow": "adhoc", "statuses": (RunStatus.RUNNING, RunStatus.FAILED)},
    {"parent": "p"},
    {"labels": (("k", "v"), ("l", None))},
    {"since": 1.0, "until": 2.0},
    {"workflow": "adhoc", "since": 1.0, "until": 2.0},
    {"search": "some words"},
    {"search": "some beg*", "statuses": (RunStatus.FAILED,)},
    {"search": "0193", "workflow": "adhoc"},
]


@pytest.mark.parametrize("wanted", FILTERS)
def test_every_part_of_a_list_comes_in_order_from_an_index(store: IndexStore, wanted: dict[str, Any]) -> None:
    for part in query._parts("default", RunFilter(**wanted), 10):
        plan = store._reader.execute(f"EXPLAIN QUERY PLAN {part.sql} ORDER BY id DESC LIMIT 9", part.parameters)
        steps = [row[3] for row in plan]
        assert not any("TEMP B-TREE" in step or step == "SCAN runs" for step in steps), steps


def test_filters_together(store: IndexStore) -> None:
    """Against the plain meaning of each filter, over all their pairs."""
    runs = [
        run(
            made(1_000 * number),
            workflow=f"w{number % 2}",
            status=("running", "waiting", "completed", "failed")[number % 4],
            created_at=float(number),
            labels={"team": f"t{number % 3}", "odd": "yes"} if number % 2 else {"team": f"t{number % 3}"},
            trigger={"type": "schedule", "id": "nightly"} if number % 5 == 0 else {"type": "api"},
            parent="p" if number % 3 == 0 else None,
            error={"code": "http.status", "message": "Out of étè"} if number % 4 == 3 else None,
        )
        for number in range(1, 61)
    ]
    store.write(runs, None)
    meanings: list[tuple[dict[str, Any], Callable[[RunSummary], bool]]] = [
        ({"workflow": "w1"}, lambda one: one.workflow == "w1"),
        ({"statuses": (RunStatus.RUNNING,)}, lambda one: one.status == "running"),
        ({"statuses": (RunStatus.FAILED, RunStatus.WAITING)}, lambda one: one.status in {"failed", "waiting"}),
        ({"labels": (("team", "t1"),)}, lambda one: one.labels["team"] == "t1"),
        ({"labels": (("odd", None),)}, lambda one: "odd" in one.labels),
        ({"trigger": "schedule"}, lambda one: one.trigger.type == "schedule"),
        ({"trigger": "nightly"}, lambda one: one.trigger.id == "nightly"),
        ({"parent": "p"}, lambda one: one.parent == "p"),
        ({"since": 20.0}, lambda one: one.created_at >= 20),
        ({"until": 40.0}, lambda one: one.created_at < 40),
        ({"search": "STATUS ÉTÈ"}, lambda one: one.error is not None),
        ({"search": "htt*"}, lambda one: one.error is not None),
        ({"search": runs[7].run_id[:13]}, lambda one: one.run_id.startswith(runs[7].run_id[:13])),
    ]
    for one, is_one in meanings:
        for other, is_other in meanings:
            if one.keys() & other.keys() and one != other:
                continue
            expected = [known.run_id for known in reversed(runs) if is_one(known) and is_other(known)]
            assert ids(store, **{**one, **other}) == expected, (one, other)


def test_a_search_finds_what_a_run_has_become(store: IndexStore) -> None:
    store.write([run("a", workflow="daily-report", labels={"customer": "Müller & Co."})], None)
    for search in ("daily", "report daily", "MÜLLER", "rep*", "müller co"):
        assert ids(store, search=search) == ["a"], search
    for search in ("dail", "re*", "müller timeout", "!?", "", '" OR terms:*', "customer"):
        assert ids(store, search=search) == [], search
    error = {"code": "block.timeout", "message": "the attempt took longer than 60 s"}
    store.write([run("a", workflow="daily-report", status="failed", sequence=2, error=error)], None)
    for search in ("timeout", "longer 60", "daily timeout"):
        assert ids(store, search=search) == ["a"], search
    assert store.query(list_query("acme", RunFilter(search="daily"), None, 9)) == []


def test_the_beginning_of_an_id_finds_it(store: IndexStore) -> None:
    run_id = made(1_700_000_000_123)
    store.write([run(run_id, labels={"team": "ops"}), run(made(1_800_000_000_000))], None)
    for length in (4, 8, 11, 13, 16, 20, 36):
        assert run_id in ids(store, search=run_id[:length]), length
        assert run_id in ids(store, search=run_id[:length].replace("-", "").upper()), length
        assert ids(store, search=run_id[:length], labels=(("team", "ops"),)) == [run_id], length
    assert ids(store, search=run_id[:12]) == [run_id]
    for search in (run_id[:3], run_id + "0", run_id[:-1] + ("1" if run_id[-1] != "1" else "2")):
        assert ids(store, search=search) == [], search


def test_coalescing_keeps_what_counts() -> None:
    changes: list[Change] = [run("a", sequence=1), run("b", sequence=9), run("a", sequence=3), run("b", sequence=2)]
    assert [(change.run_id, change.sequence) for change in coalesce(changes) if isinstance(change, RunSummary)] == [
        ("a", 3),
        ("b", 9),
    ]
    assert coalesce([run("a", sequence=9), Removal("default", "a")]) == [Removal("default", "a")]
    assert coalesce([Removal("default", "a"), run("a")]) == [run("a")]
