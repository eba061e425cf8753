"""What commands say to people."""

import shutil
import sys
from pathlib import Path

import pytest

from gnatwork_cli.messages import activation


def test_the_way_to_the_command_is_told_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "my env"))
    assert activation("  ") == f"source '{tmp_path}/my env/bin/activate'\n  "
    monkeypatch.chdir(tmp_path)
    assert activation("  ") == "source 'my env/bin/activate'\n  "
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/gnatwork")
    assert activation("  ") == ""
