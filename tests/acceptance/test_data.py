"""Blocks for data in a whole installation, from a text that came in to what outlives the run."""

import json
from typing import Any

import pytest
from support.running import block, ended, run_of

from docs.generator.block_examples import EXAMPLES
from gnatwork import Client

CSV = "number;country;price\n1;PT;20\n2;ES;15.5\n2;ES;15.5\n3;PT;100\n"
BLOCKS = [
    block("orders", "csv", {"parse": "{{ input.csv }}", "delimiter": ";", "types": {"price": "number"}}),
    block(
        "best",
        "aggregate",
        {
            "items": "{{ orders }}",
            "distinct": "number",
            "group_by": "country",
            "calculate": {"total": {"op": "sum", "of": "price"}},
            "sort": "-total",
        },
    ),
    block(
        "page",
        "template",
        {
            "template": "${rows.map(row => html`<li>${row.country}: ${row.total}</li>`)}",
            "data": {"rows": "{{ best }}"},
            "escape": "html",
        },
    ),
    block("keep", "file", {"put": "best.html", "content": "{{ page }}"}),
    block("batches", "split", {"items": "{{ orders }}", "size": 3}),
]


async def test_from_a_text_to_a_file(client: Client) -> None:
    done = await run_of(
        client, *BLOCKS, value={"csv": CSV}, output={"size": "{{ keep.size }}", "n": "{{ batches.length }}"}
    )
    assert done.output == {"size": len("<li>PT: 120</li><li>ES: 15.5</li>"), "n": 2}
    read = await run_of(client, block("read", "file", {"get": "best.html"}), output="{{ read.content }}")
    assert read.output == "<li>PT: 120</li><li>ES: 15.5</li>"


async def test_what_goes_wrong_in_a_large_value_ends_the_run_with_its_place(client: Client) -> None:
    """The value is above what travels in a message, and computed on in another process."""
    items: list[Any] = [{"n": 1, "text": "x" * 100}] * 2000 + [{"n": "two"}]
    config = {"items": "{{ input }}", "calculate": {"sum": {"op": "sum", "of": "n"}}}
    done = await run_of(client, block("sum", "aggregate", config), value=items)
    assert (done.status, done.code) == ("failed", "aggregate.not_a_number")
    assert "item 2000" in done.message


@pytest.mark.parametrize("type_", ["error", "kv-put", "kv-get", "nats-publish", "nats-request", "xml"])
async def test_the_examples_yield_what_they_are_said_to(client: Client, type_: str) -> None:
    example = EXAMPLES[type_]
    done = await ended(await client.start(json.loads(json.dumps(example.definition))))
    assert done.output == example.output
