"""Scripts: programs as blocks of a definition."""

from typing import Any

import pytest
from support.definitions import block_of, compiled, faults_of, noop

from gnatwork_schemas.control_block import Script
from gnatwork_schemas.template import PathExpression, TemplateLeaf

MAIN = "async function main(input) { return (await step('noop', {})).x; }"
PYTHON = "async def main(args):\n    return args\n"


def it(config: Any = None, **fields: Any) -> dict[str, Any]:
    """A workflow with the script `it`."""
    return {"blocks": [noop("page"), {"id": "it", "type": "script", "config": config or {"source": MAIN}, **fields}]}


def fault_of(raw: dict[str, Any]) -> tuple[str, str, str]:
    """The one mistake in a workflow."""
    (found,) = faults_of(raw)
    return found


def test_a_script_is_its_program_and_what_it_is_called_with() -> None:
    block = block_of(compiled(it(timeout="5s", priority="high")), "it")
    assert (block.kind, block.type, block.timeout, block.lane) == ("script", "script", 5, "high")
    assert block.script == Script(language="javascript", source=MAIN, entry="main")
    assert (block.script.max_steps, block.script.concurrency) == (100_000, 256)
    leaf = TemplateLeaf(at=(), parts=(PathExpression(path=("input",), source="input"),))
    assert (block.config, block.templates) == ("{{ input }}", (leaf,))


def test_arguments_are_templates_and_make_it_wait() -> None:
    config = {"language": "python", "source": PYTHON, "args": {"b": "{{ page.body }}"}, "max_steps": 5}
    block = block_of(compiled(it({**config, "concurrency": 2})), "it")
    assert block.script == Script(language="python", source=PYTHON, entry="main", max_steps=5, concurrency=2)
    assert [need.block for need in block.needs] == ["page"]
    assert [leaf.at for leaf in block.templates] == [("b",)]


def test_a_program_is_no_template() -> None:
    source = "const braces = '{{ nothing.here }}'; function main() { return {braces: {}}; }"
    block = block_of(compiled(it({"source": source})), "it")
    assert block.script
    assert block.script.source == source


def test_a_script_may_stand_wherever_a_block_may() -> None:
    script = {"id": "s", "type": "script", "config": {"source": MAIN}}
    blocks = [
        {**script, "for_each": {"items": [1]}, "when": "input.x"},
        {"id": "l", "type": "loop", "config": {"items": [1]}, "blocks": [script]},
        {
            "id": "g",
            "type": "group",
            "blocks": [{**script, "compensate": {"type": "noop"}}, noop("x", needs=["s.error"])],
        },
    ]
    control_block = compiled({"blocks": blocks, "on_failure": [script]})
    assert block_of(control_block, "s").blocks[0].kind == "script"
    assert block_of(control_block, "l").blocks[0].kind == "script"
    assert block_of(control_block, "g").blocks[0].compensate


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("function main() {", "`}` is missing at line 1, column 18"),
        ("// a\nfunction main() {\n  let = ;\n}", "it can't be read at line 3"),
        ("import x from 'y'; function main() {}", "a program can't import modules: line 1, column 1"),
        ("function main() { return import('y'); }", "a program can't import modules: line 1, column 26"),
        ("export function main() {}", "a program exports nothing; leave out `export`: line 1, column 1"),
        ("function main() { return <b/>; }", "JSX is not JavaScript: line 1, column 26"),
    ],
)
def test_a_mistake_in_javascript_has_its_place(source: str, message: str) -> None:
    pointer, code, found = fault_of(it({"source": source}))
    assert (pointer, code) == ("/blocks/1/config/source", "script.syntax")
    assert found.startswith(f"this is not a JavaScript program: {message}")


def test_python_is_read_by_those_who_run_it() -> None:
    compiled(it({"language": "python", "source": "def main(:"}))


def test_the_function_must_be_there() -> None:
    pointer, _, message = fault_of(it({"source": "function mian() {}"}))
    assert (pointer, message) == (
        "/blocks/1/config/source",
        "there is no function `main` in the program; `entry` names the one to call",
    )
    assert fault_of(it({"source": MAIN, "entry": "other"}))[0] == "/blocks/1/config/entry"
    assert fault_of(it({"source": MAIN, "entry": "a b"}))[0] == "/blocks/1/config/entry"
    compiled(it({"source": "const $go = async () => 1", "entry": "$go"}))


def test_a_program_has_its_size() -> None:
    filler = "/" * (256 * 1024 - len(MAIN) - 1)
    compiled(it({"source": f"{MAIN}\n{filler}"}))
    pointer, code, message = fault_of(it({"source": f"{MAIN}\n{filler}/"}))
    assert (pointer, code) == ("/blocks/1/config/source", "definition.too_large")
    assert "262,145 bytes" in message


def test_what_is_wrong_with_the_config() -> None:
    assert fault_of(it({"language": "python"}))[0] == "/blocks/1/config"
    assert fault_of(it({"source": "  \n"}))[2] == "the program is empty"
    assert fault_of(it({"source": MAIN, "language": "ruby"}))[0] == "/blocks/1/config/language"
    assert fault_of(it({"source": MAIN, "steps": 1}))[0] == "/blocks/1/config/steps"
    assert fault_of(it({"source": MAIN, "max_steps": 0}))[0] == "/blocks/1/config/max_steps"
    assert fault_of({"blocks": [{"id": "it", "type": "script"}]})[0] == "/blocks/0"


def test_a_program_gets_no_secrets() -> None:
    pointer, code, message = fault_of(it({"source": MAIN, "args": "{{ connections.a.token }}"}))
    assert (pointer, code) == ("/blocks/1/config/args", "connection.misplaced")
    assert "mention it in the config of a step" in message
