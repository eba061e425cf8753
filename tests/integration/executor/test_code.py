"""Code in an executor: its requests carry what a connection has, and nothing of that reaches it or gets out."""

from typing import Any

import orjson
from support.credentials import vault
from support.executing import Scheduler, Sent, hosting, make_work
from support.site import Reply, Request, running_site

from gnatwork_blocks.registry import load
from gnatwork_bus.connection import Connection
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_bus.topology import executor_consumer
from gnatwork_engine.redaction import REDACTED
from gnatwork_engine.render import Renderer, Scope
from gnatwork_engine.template import parse_template
from gnatwork_schemas.messages import Work
from gnatwork_schemas.template import TemplateLeaf

SECRET = "s3cr3t-of-great-length"
CODE = load("code")

_BACKWARDS = """
async function main(path) {
  const seen = await (await fetch(path)).json();
  console.log("sent", seen.authorization);
  return [seen.authorization, [...seen.authorization].reverse().join("")];
}"""


def calling(source: str, **config: Any) -> Work:
    """An item of a `code` block with the connection `shop`."""
    whole = {"language": "javascript", "source": source, "http": {"connection": "{{ connections.shop }}"}, **config}
    parts = parse_template("{{ connections.shop }}")
    assert parts
    leaves = [TemplateLeaf(at=("http", "connection"), parts=parts)]
    rendered = Renderer(whole, leaves).render(Scope(input={}, outputs={}, run={}, trigger={}))
    return make_work("code", rendered.config, deferred=rendered.deferred)


async def test_a_server_that_sends_back_what_it_was_sent_tells_code_nothing(bus: Connection, nats_url: str) -> None:
    await ensure_consumer(bus, executor_consumer("code"))
    scheduler = await Scheduler.watching(bus)

    def echo(request: Request) -> Reply:
        return Reply(body=orjson.dumps(request.headers))

    async with running_site() as site:
        site.replies["/api/orders"] = echo
        values = {"base_url": f"{site.url}/api", "token": SECRET, "authorization": f"Bearer {SECRET}"}
        async with vault(bus, shop=values), hosting(nats_url, CODE, egress_allow="127.0.0.1"):
            output = await scheduler.output(await scheduler.send_work(calling(_BACKWARDS, input="/orders")))
        assert site.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    sent = f"Bearer {REDACTED}"
    assert output == [sent, sent[::-1]]


async def test_what_a_manager_refuses_is_never_asked_for(bus: Connection, nats_url: str) -> None:
    await ensure_consumer(bus, executor_consumer("code"))
    scheduler = await Scheduler.watching(bus)
    async with vault(bus) as manager, hosting(nats_url, CODE):
        manager.problem = "connection.not_permitted"
        sent: Sent = await scheduler.send_work(calling("function main() { return 1 }"))
        assert (await scheduler.error(sent))["code"] == "connection.not_permitted"
    assert manager.asked[0]["type"] == "code"
