"""What is said to come of the examples of block types does."""

import json

import pytest
from support.walls import all_walls

from docs.generator.block_examples import EXAMPLES
from docs.generator.block_examples._example import SITE
from gnatwork.local import run_local
from gnatwork_cli.demo_site import DemoSite

#: What takes more than a process: a stored workflow, executors that run programs.
_ELSEWHERE = {"workflow", "script"}
#: And what takes walls that not every machine has.
_WALLED: frozenset[str] = frozenset() if all_walls() else frozenset({"python-full"})


@pytest.mark.parametrize("type_", sorted(EXAMPLES.keys() - _ELSEWHERE - _WALLED))
async def test_an_example_yields_what_it_is_said_to(type_: str) -> None:
    async with DemoSite().serve() as site:
        definition = json.loads(json.dumps(EXAMPLES[type_].definition).replace(SITE, site))
        assert await run_local(definition, egress_allow="127.0.0.1") == EXAMPLES[type_].output
