"""The file that tells clients where everything is."""

import json
from pathlib import Path

from gnatwork import find_address
from gnatwork_cli import connection_file
from gnatwork_cli.connection_file import Addresses

ADDRESSES = Addresses("http://127.0.0.1:7400", "nats://t@127.0.0.1:4222", "token", 1)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = connection_file.write(tmp_path, ADDRESSES)
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()).keys() == {"api", "nats", "token", "pid"}
    assert list(tmp_path.iterdir()) == [path]


def test_the_sdk_reads_it(tmp_path: Path) -> None:
    connection_file.write(tmp_path, ADDRESSES)
    address = find_address(data_dir=tmp_path, environment={})
    assert (address.api, address.nats, address.token) == ADDRESSES[:3]


def test_it_is_replaced_and_removed(tmp_path: Path) -> None:
    connection_file.write(tmp_path, ADDRESSES)
    connection_file.write(tmp_path, ADDRESSES._replace(token="other"))
    assert find_address(data_dir=tmp_path, environment={}).token == "other"
    connection_file.remove(tmp_path)
    connection_file.remove(tmp_path)
    assert list(tmp_path.iterdir()) == []
