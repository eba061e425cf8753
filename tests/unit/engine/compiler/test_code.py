"""Code in definitions: literal text, read before it runs, and given a connection in one place alone."""

from typing import Any

import pytest
from support.dialects import compiled, faults_of, places_of


def code(**config: Any) -> dict[str, Any]:
    whole = {"language": "python", "source": "def main(x): return x", **config}
    return {"blocks": [{"id": "a", "type": "code", "config": whole}]}


def test_a_program_is_no_template() -> None:
    source = "def main(x): return f'{{ nothing.at.all }}{x}'"
    (block,) = compiled(code(source=source, input="{{ input.x }}")).control_block.blocks
    config: Any = block.config
    assert config["source"] == source
    assert [leaf.at for leaf in block.templates] == [("input",)]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("function main( {", "line 1"),
        ("function main() {\n  return 1 +;\n}", "line 2"),
        ("import os from 'os'\nfunction main() {}", "modules"),
        ("export function main() {}", "export"),
    ],
)
def test_what_is_no_javascript_is_found_where_it_stands(source: str, told: str) -> None:
    ((pointer, code_, message),) = faults_of(code(language="javascript", source=source))
    assert (pointer, code_) == ("/blocks/0/config/source", "script.syntax")
    assert told in message


def test_what_is_no_python_is_for_executors_to_say() -> None:
    compiled(code(source="def main(:"))


def test_it_is_given_a_connection_to_make_requests_with() -> None:
    (block,) = compiled(code(http={"connection": "{{ connections.shop }}"})).control_block.blocks
    assert [part.path for leaf in block.templates for part in leaf.parts if not isinstance(part, str)] == [
        ("connections", "shop")
    ]


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"input": "{{ connections.shop.token }}"}, "input"),
        ({"input": {"all": ["{{ connections.shop }}"]}}, "input/all/0"),
        ({"entry": "{{ connections.shop.token }}"}, "entry"),
        ({"http": "{{ connections.shop }}"}, "http"),
    ],
)
def test_and_nowhere_else(config: dict[str, Any], pointer: str) -> None:
    assert (f"/blocks/0/config/{pointer}", "connection.misplaced") in places_of(code(**config))


def test_nor_is_real_python() -> None:
    block = {"id": "a", "type": "python-full", "config": {"source": "x", "input": "{{ connections.shop.token }}"}}
    assert places_of({"blocks": [block]}) == [("/blocks/0/config/input", "connection.misplaced")]
