"""What `gnatwork up` says of those that are ready."""

from gnatwork_cli.readiness import ready_line


def test_a_process_is_told_once_however_much_it_hosts() -> None:
    assert ready_line(["scheduler"]) == "  scheduler is ready"
    assert ready_line(["fetch"]) == "  executor of fetch is ready"
    assert ready_line(["csv", "json"]) == "  executor of csv, json is ready"
    assert ready_line(list("abcdefgh")) == "  executor of a, b, c, d, e, f and 2 more is ready"
