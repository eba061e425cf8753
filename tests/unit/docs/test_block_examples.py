"""What is said to come of the examples of block types does."""

import json

import pytest

from docs.generator.block_examples import EXAMPLES
from docs.generator.block_examples._example import SITE
from gnatwork.local import run_local

#: What takes more than a process: a stored workflow, or the site of the examples.
_ELSEWHERE = {"workflow", *(name for name, example in EXAMPLES.items() if SITE in json.dumps(example.definition))}


@pytest.mark.parametrize("type_", sorted(EXAMPLES.keys() - _ELSEWHERE))
async def test_an_example_yields_what_it_is_said_to(type_: str) -> None:
    assert await run_local(EXAMPLES[type_].definition, egress_allow="127.0.0.1") == EXAMPLES[type_].output
