"""Every figure that a manager shows is explained, and nothing else is."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]

_MADE = re.compile(r'(Counter|Gauge|Histogram|metrics\.count)\(\s*"(gnatwork_\w+)"')
_TOLD = re.compile(r"`(gnatwork_\w+)`")


def _made() -> set[str]:
    texts = "".join(path.read_text() for path in (ROOT / "manager").rglob("*.py"))
    return {name + ("_total" if kind == "Counter" else "") for kind, name in _MADE.findall(texts)}


def test_every_metric_is_in_the_table() -> None:
    section = (ROOT / "docs" / "operations.md").read_text().split("### Metrics")[1].split("\n## ")[0]
    assert set(_TOLD.findall(section)) == _made()


def test_metrics_are_found() -> None:
    assert {"gnatwork_submissions_total", "gnatwork_waiting_callers"} <= _made()
