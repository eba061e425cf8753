"""The integration that the documentation has one write is one."""

from typing import Any

from support.documents import ROOT, fences
from support.resources import resources
from support.services import answer, query_of
from support.site import Reply, Request, running_site

from gnatwork_blocks.integration import Integration
from gnatwork_blocks.sdk import Block
from gnatwork_blocks.testing import Recorder, run_block
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.compiler.schemas import compiled
from gnatwork_engine.compiler.triggers import read_trigger
from gnatwork_schemas.triggers import WebhookTrigger


def written(name: str) -> Any:
    """What the Python of the document calls by a name."""
    for fence in fences(ROOT / "docs/integrations.md"):
        if fence.info == "python" and name in fence.text:
            namespace: dict[str, Any] = {"__name__": "documented"}
            exec(fence.text, namespace)  # noqa: S102 - our own document
            return namespace[name]
    raise AssertionError(f"there is no {name}")


def test_what_it_brings_can_be_used() -> None:
    integration = written("INTEGRATION")
    assert isinstance(integration, Integration)
    ((kind,), (type_,)) = integration.connections, integration.triggers
    compiled(kind.values_schema)
    faults = Faults()
    made = read_trigger({"id": "new", "type": "shop-order", "connection": "main"}, (), faults, {}, {type_.type: type_})
    assert not faults
    assert isinstance(made, WebhookTrigger)
    assert (made.secret, made.input) == ("{{ connections.main.token }}", "{{ event.order }}")


async def test_its_block_reads_all_pages() -> None:
    block: type[Block] = written("OrderList")

    def reply(request: Request) -> Reply:
        assert request.headers["authorization"] == "Bearer t0ken"
        if "page" in query_of(request):
            return answer([3])
        return answer([1, 2], link=f'<{site.url}/customers/a%2Fb/orders?page=2>; rel="next"')

    async with running_site() as site, resources("127.0.0.1").http as http:
        site.on("/customers/a%2Fb/orders", reply)
        connection = {"token": "t0ken", "base_url": site.url, "more": "than it needs"}
        ctx = Recorder(resources=resources(http=http)).context()
        assert await run_block(block, {"connection": connection, "customer": "a/b"}, ctx) == {
            "orders": [1, 2, 3],
            "more": False,
        }
