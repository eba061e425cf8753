"""`gnatwork demo`: everything once, on this machine, with a real page and a real hook."""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from gnatwork import Client
from gnatwork_cli.connection_file import Addresses
from gnatwork_cli.demo_site import DemoSite
from gnatwork_cli.example_files import examples
from gnatwork_cli.loop import run_async
from gnatwork_cli.messages import activation, fail, say
from gnatwork_cli.run_watch import watch_run
from gnatwork_cli.signals import until_stopped
from gnatwork_cli.stack import Stack
from gnatwork_cli.stack_plan import StackSettings
from gnatwork_schemas.status import Run, RunStatus

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_EXAMPLE = "headlines.json"
#: Seconds that the run may take.
_PATIENCE = 60.0


@app.command()
def demo(
    data_dir: Annotated[Path | None, typer.Option(help="Keep the data here; default: nowhere.")] = None,
) -> None:
    """Start everything, run a real workflow against a small site of its own, watch it live, and stop."""
    with _folder(data_dir) as folder:
        run_async(_demo(folder))


@contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is not None:
        yield data_dir
        return
    with tempfile.TemporaryDirectory(prefix="gnatwork-demo-") as temporary:
        yield Path(temporary)


async def _demo(data_dir: Path) -> None:
    settings = StackSettings(data_dir=data_dir, port=0, egress_allow="127.0.0.1")
    stack = Stack(settings, say)
    ended: list[Run] = []
    stopped = await until_stopped(
        _show(stack, ended), on_first=lambda: say("Stopping; once more to stop at once …"), on_next=stack.kill
    )
    if stopped:
        fail("the demo was stopped", code=130)
    (run,) = ended
    if run.status is not RunStatus.COMPLETED:
        fail(f"the run {run.status.value}, which it should not; please report it")
    say(_NEXT.format(activation=activation("  ")))


async def _show(stack: Stack, ended: list[Run]) -> None:
    site = DemoSite()
    say("Starting nats-server, a manager, a scheduler and an executor per block type …")
    async with site.serve() as url, stack.running() as addresses:
        workflow = json.loads((examples() / _EXAMPLE).read_text())
        say(f"\nGnatwork is up at {addresses.api}; a small news site is at {url}/news.")
        say(f"Running examples/{_EXAMPLE}: {workflow['description']}\n")
        try:
            async with asyncio.timeout(_PATIENCE):
                run = await _run(addresses, workflow, {"url": f"{url}/news", "notify": f"{url}/hook"})
        except TimeoutError:
            fail(f"the run has not ended after {_PATIENCE:.0f} s; please report it with the logs in {stack.logs}")
        for body in site.received:
            say(f"The hook received:\n{_json(body)}\n")
        say(f"The response:\n{_json(run.output)}\n")
        ended.append(run)
        say("Stopping everything …")


async def _run(addresses: Addresses, workflow: dict[str, Any], input: dict[str, Any]) -> Run:
    async with Client(addresses.api, token=addresses.token) as client:
        return await watch_run(await client.start(workflow, input=input, labels={"from": "demo"}))


def _json(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "\n".join(f"  {line}" for line in text.splitlines())


_NEXT = """\
Next:
  {activation}gnatwork up                         start it for good; Ctrl-C stops it
  gnatwork blocks list                see what blocks there are
  gnatwork run start FILE --wait      run a workflow of your own
and see docs/tutorial.md, and examples/ for more workflows."""
