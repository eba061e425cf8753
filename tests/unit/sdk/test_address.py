"""Where a client finds Gnatwork."""

import json
from pathlib import Path

import pytest

from gnatwork import AddressError, find_address

FILE = {"api": "http://127.0.0.1:7400", "nats": "nats://secret@127.0.0.1:4222", "token": "t", "pid": 1}


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    (tmp_path / "connection.json").write_text(json.dumps(FILE))
    return tmp_path


def test_the_file_when_nothing_else_is_said(data_dir: Path) -> None:
    address = find_address(data_dir=data_dir, environment={})
    assert (address.api, address.nats, address.token) == (FILE["api"], FILE["nats"], "t")


def test_the_environment_comes_before_the_file(data_dir: Path) -> None:
    address = find_address(data_dir=data_dir, environment={"GNATWORK_API": "http://elsewhere", "GNATWORK_TOKEN": "e"})
    assert (address.api, address.nats, address.token) == ("http://elsewhere", None, "e")


def test_the_environment_names_the_directory(data_dir: Path, tmp_path: Path) -> None:
    environment = {"GNATWORK_DATA_DIR": str(data_dir)}
    assert find_address(environment=environment).api == FILE["api"]
    with pytest.raises(AddressError, match="elsewhere"):
        find_address(data_dir=str(tmp_path / "elsewhere"), environment=environment)


def test_what_is_said_comes_before_the_environment(data_dir: Path) -> None:
    address = find_address(
        api="http://here", token="h", data_dir=data_dir, environment={"GNATWORK_API": "http://elsewhere"}
    )
    assert (address.api, address.token) == ("http://here", "h")


def test_the_token_of_the_file_goes_to_no_other_address(data_dir: Path) -> None:
    assert find_address(api="http://elsewhere", data_dir=data_dir, environment={}).token is None


def test_nowhere(tmp_path: Path) -> None:
    with pytest.raises(AddressError, match="start it with `gnatwork up`"):
        find_address(data_dir=tmp_path, environment={})


@pytest.mark.parametrize("text", ["", "{}", "[]", "no json"])
def test_a_file_that_is_no_address(tmp_path: Path, text: str) -> None:
    (tmp_path / "connection.json").write_text(text)
    with pytest.raises(AddressError, match="can't be read"):
        find_address(data_dir=tmp_path, environment={})
