import pytest

from gnatwork_cli.run_input import ArgumentError
from gnatwork_cli.trigger_flags import parse_fields


def test_fields_are_json_where_they_are_json_and_text_otherwise() -> None:
    given = [
        "cron=0 9 * * *",
        "every=5m",
        "max_body=100",
        'path="/a"',
        "rate_limit.max=10",
        "rate_limit.per=1m",
        "secret=",
    ]
    assert parse_fields(given) == {
        "cron": "0 9 * * *",
        "every": "5m",
        "max_body": 100,
        "path": "/a",
        "rate_limit": {"max": 10, "per": "1m"},
        "secret": "",
    }


def test_a_value_may_hold_what_separates_names_from_values() -> None:
    assert parse_fields(["input={{ event.a ?? 'x=1' }}"]) == {"input": "{{ event.a ?? 'x=1' }}"}


@pytest.mark.parametrize("entries", [["cron"], ["=1"], ["a.=1"], [".a=1"], ["a=1", "a.b=2"]])
def test_anything_else_is_refused(entries: list[str]) -> None:
    with pytest.raises(ArgumentError):
        parse_fields(entries)
