"""Integrations as they are installed."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from gnatwork_blocks.integration import ENTRY_POINT_GROUP
from gnatwork_blocks.integrations import load_integration

_GOOD = """
from gnatwork_blocks.integration import Integration

INTEGRATION = Integration(name="mine", title="Mine", summary="Mine.")
NUMBER = 7
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "gnatwork_mine.py").write_text(_GOOD)
    (tmp_path / "gnatwork_broken.py").write_text("raise RuntimeError('no licence')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "gnatwork_mine", raising=False)
    return "gnatwork_mine"


def entry(value: str, name: str = "mine") -> EntryPoint:
    return EntryPoint(name, value, ENTRY_POINT_GROUP)


def test_an_entry_point_names_an_integration(package: str) -> None:
    found = load_integration(entry(f"{package}:INTEGRATION"))
    assert found is not None
    assert found.title == "Mine"


@pytest.mark.parametrize(
    ("value", "name", "told"),
    [
        ("gnatwork_broken:INTEGRATION", "mine", "RuntimeError: no licence"),
        ("gnatwork_missing:INTEGRATION", "mine", "No module named 'gnatwork_missing'"),
        ("gnatwork_mine:NUMBER", "mine", "this is not an Integration"),
        ("gnatwork_mine:INTEGRATION", "other", "it calls itself 'mine'"),
    ],
)
def test_a_broken_one_is_left_out_and_the_log_says_why(
    package: str, caplog: pytest.LogCaptureFixture, value: str, name: str, told: str
) -> None:
    assert load_integration(entry(value, name)) is None
    assert f"the integration {name} ({value}) is left out" in caplog.text
    assert told in caplog.text
