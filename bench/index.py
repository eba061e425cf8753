"""The run index alone: a million runs, written by the store's own code, and what lists of them cost."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from gnatwork_manager.index.query import RunFilter, list_query
from gnatwork_manager.index.store import FILE_NAME, IndexStore
from gnatwork_manager.run_ids import new_run_id
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Trigger
from gnatwork_schemas.status import RunStatus, RunSummary

_BATCH = 1000
_PAGE = 50
_REPEAT = 100
#: Unix seconds of the first run, and seconds from one to the next.
_FIRST, _STEP = 1_700_000_000.0, 0.6
_REGIONS = ("eu-west", "eu-north", "us-east", "us-west", "ap-south")
_ERRORS = (
    ("http.status", "the server answered 503 Service Unavailable"),
    ("block.timeout", "the attempt took longer than 60 s"),
    ("template.missing", "invoice.customer.email leads nowhere"),
)


def measure(count: int) -> dict[str, Any]:
    """The figures of an index of so many runs: milliseconds, the 95th percentile of each kind of question."""
    with tempfile.TemporaryDirectory() as folder:
        store = IndexStore(Path(folder))
        begin = time.perf_counter()
        for batch in _batches(count):
            store.write(batch, None)
        seconds = time.perf_counter() - begin
        figures = {
            "index_runs": count,
            "index_writes_per_s": round(count / seconds),
            "index_mb": round(sum(file.stat().st_size for file in Path(folder).glob(f"{FILE_NAME}*")) / 1e6),
            **{f"index_p95_ms {name}": _p95(store, make) for name, make in _questions(count).items()},
        }
        store.close()
    return figures


def _batches(count: int) -> Iterator[list[RunSummary]]:
    source = Random(1)  # noqa: S311 - made up data
    for first in range(0, count, _BATCH):
        yield [_run(source, number, count) for number in range(first, min(first + _BATCH, count))]


def _run(source: Random, number: int, count: int) -> RunSummary:
    at = _at(number)
    # Names that are used ever more rarely, as in life.
    workflow = f"workflow-{int(source.paretovariate(0.7)) % 500}"
    status = RunStatus.COMPLETED
    if number > count * 0.98:
        status = source.choice((RunStatus.RUNNING, RunStatus.WAITING, RunStatus.WAITING, RunStatus.PENDING))
    elif source.random() < 0.08:
        status = source.choice((RunStatus.FAILED, RunStatus.FAILED, RunStatus.FAILED, RunStatus.CANCELLED))
    code, message = source.choice(_ERRORS)
    error = ErrorInfo(code=code, message=f"{message} ({number})", task="page") if status is RunStatus.FAILED else None
    labels = {"region": source.choice(_REGIONS), "customer": f"c{source.randrange(50_000)}"}
    # One that says the same as the status, so that to ask for both finds all or nothing.
    labels["outcome"] = "bad" if error else "good"
    trigger = Trigger(type="schedule", id=f"nightly-{number % 40}") if number % 5 == 0 else Trigger()
    return RunSummary(
        run_id=new_run_id(int(at * 1e9)),
        namespace="acme" if number % 10 == 0 else "default",
        workflow=workflow,
        version=1,
        status=status,
        error=error,
        labels=labels,
        trigger=trigger,
        parent=_PARENT if number % 1000 == 1 else None,
        created_at=at + 0.01,
        started_at=at + 0.02,
        ended_at=at + 3 if status.ended else None,
        blocks={f"block-{one}": {"completed": 1} for one in range(5)},
        sequence=number,
    )


def _at(number: float) -> float:
    return _FIRST + _STEP * number


_PARENT = new_run_id(int(_FIRST * 1e9))


def _questions(count: int) -> dict[str, Callable[[Random], tuple[RunFilter, int | None]]]:
    """What is asked, each time a little different: a filter, and the place that a page begins at."""
    last = _at(count)

    def ask(**fields: Any) -> Callable[[Random], tuple[RunFilter, int | None]]:
        return lambda source: (RunFilter(**{name: _given(value, source) for name, value in fields.items()}), None)

    def deep(**fields: Any) -> Callable[[Random], tuple[RunFilter, int | None]]:
        return lambda source: (RunFilter(**fields), int(source.uniform(_FIRST, last) * 1000) << 15)

    failed, waiting = (RunStatus.FAILED,), (RunStatus.WAITING,)
    ended = (RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.TIMED_OUT)
    return {
        "all": ask(),
        "all, deep": deep(),
        "status": ask(statuses=failed),
        "status, that there is none of": ask(statuses=(RunStatus.PAUSED,)),
        "statuses": ask(statuses=ended),
        "workflow": ask(workflow=lambda source: f"workflow-{source.randrange(500)}"),
        "workflow, deep": deep(workflow="workflow-1"),
        "workflow and status": ask(workflow=lambda source: f"workflow-{source.randrange(500)}", statuses=failed),
        "workflow and waiting": ask(workflow="workflow-1", statuses=waiting),
        "label": ask(labels=lambda source: (("region", source.choice(_REGIONS)),)),
        "label, deep": deep(labels=(("region", "eu-west"),)),
        "label, rare": ask(labels=lambda source: (("customer", f"c{source.randrange(50_000)}"),)),
        "label, any value": ask(labels=(("customer", None),)),
        "labels": ask(labels=lambda source: (("region", "eu-west"), ("customer", f"c{source.randrange(50_000)}"))),
        "label and status": ask(labels=(("region", "us-east"),), statuses=ended),
        "label and status, never both": ask(labels=(("outcome", "good"),), statuses=failed),
        "labels, never both": ask(labels=(("outcome", "good"), ("outcome", "bad"))),
        "time": ask(since=lambda source: source.uniform(_FIRST, last), until=last - _STEP * count / 10),
        "time and label": ask(labels=(("region", "eu-west"),), until=lambda source: source.uniform(_FIRST, last)),
        "trigger": ask(trigger="schedule"),
        "trigger id": ask(trigger=lambda source: f"nightly-{source.randrange(40)}"),
        "parent": ask(parent=_PARENT),
        "everything": ask(
            workflow="workflow-1",
            statuses=failed,
            labels=(("region", "eu-west"), ("outcome", "bad")),
            trigger="api",
            since=_FIRST,
            until=last,
        ),
        "search, word": ask(search="unavailable"),
        "search, words": ask(search="503 unavailable eu"),
        "search, rare": ask(search=lambda source: f"c{source.randrange(50_000)}"),
        "search, beginning": ask(search="invo*"),
        "search, beginning of much": ask(search="work*"),
        "search, unknown": ask(search="nowhere-to-be-found"),
        "search, deep": deep(search="timeout"),
        "search and status": ask(search="eu west", statuses=failed),
        "search and live": ask(search="eu west", statuses=waiting),
        "run id": ask(search=lambda source: new_run_id(int(_at(source.randrange(count)) * 1e9))[:13]),
        "run id, short": ask(search=lambda source: new_run_id(int(_at(source.randrange(count)) * 1e9))[:5]),
    }


def _given(value: Any, source: Random) -> Any:
    return value(source) if callable(value) else value


def _p95(store: IndexStore, make: Callable[[Random], tuple[RunFilter, int | None]]) -> float:
    source = Random(2)  # noqa: S311 - made up questions
    taken = []
    for _ in range(_REPEAT):
        wanted, before = make(source)
        query = list_query("default", wanted, before, _PAGE + 1)
        begin = time.perf_counter()
        store.query(query)
        taken.append(1000 * (time.perf_counter() - begin))
    return round(statistics.quantiles(taken, n=20)[-1], 1)
