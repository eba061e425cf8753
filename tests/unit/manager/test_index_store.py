from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from gnatwork_manager.index.feed import coalesce
from gnatwork_manager.index.query import Place, RunFilter, list_query
from gnatwork_manager.index.store import (
    FILE_NAME,
    BrokenIndexError,
    Change,
    IndexFileError,
    IndexStore,
    Position,
    Removal,
)
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


def ids(store: IndexStore, after: Place | None = None, limit: int = 100, **wanted: Any) -> list[str]:
    return [row[1] for row in store.query(list_query("default", RunFilter(**wanted), after, limit))]


def documents(store: IndexStore) -> list[dict[str, Any]]:
    return [orjson.loads(row[2]) for row in store.query(list_query("default", RunFilter(), None, 100))]


def test_newest_first_and_by_id_at_the_same_time(store: IndexStore) -> None:
    store.write([run("a"), run("c", created_at=2.0), run("b"), run("other", namespace="acme")], None)
    assert ids(store) == ["c", "b", "a"]
    assert ids(store, after=Place(2.0, "c")) == ["b", "a"]
    assert ids(store, after=Place(1.0, "b"), limit=1) == ["a"]
    assert ids(store, after=Place(1.0, "a")) == []


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


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"workflow": "adhoc"},
        {"statuses": (RunStatus.RUNNING,)},
        {"parent": "p"},
        {"labels": (("k", "v"),)},
        {"since": 1.0, "until": 2.0},
    ],
)
def test_lists_use_an_index(store: IndexStore, wanted: dict[str, Any]) -> None:
    query = list_query("default", RunFilter(**wanted), Place(1.0, "a"), 10)
    plan = store._reader.execute(f"EXPLAIN QUERY PLAN {query.sql}", query.parameters).fetchall()
    steps = [row[3] for row in plan]
    assert not any(step.startswith("SCAN") for step in steps), steps


def test_coalescing_keeps_what_counts() -> None:
    changes: list[Change] = [run("a", sequence=1), run("b", sequence=9), run("a", sequence=3), run("b", sequence=2)]
    assert [(change.run_id, change.sequence) for change in coalesce(changes) if isinstance(change, RunSummary)] == [
        ("a", 3),
        ("b", 9),
    ]
    assert coalesce([run("a", sequence=9), Removal("default", "a")]) == [Removal("default", "a")]
    assert coalesce([Removal("default", "a"), run("a")]) == [run("a")]
