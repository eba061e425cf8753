"""Workflows of the load that are programs."""

from typing import Any, ClassVar

from chaos.kind import RETRY, End, Kind, LiveRun

_JAVASCRIPT = """
    async function main(input) {
      const seen = await all([1, 2, 3].map((n) => step("noop", {n: n * input.n})));
      await all([sleep(0.2), sleep(0)]);
      return transition(call, {...input, sum: seen.reduce((sum, one) => sum + one.n, 0)});
    }
    async function call(memory) {
      const config = {url: memory.hook + "/flaky", body: {n: memory.n}};
      const {status} = await step("hook", config, {retry: RETRY});
      const texts = await all([step("noop", {text: memory.text}), step("noop", {n: Math.random()})]);
      return finish({n: memory.n, sum: memory.sum, status, length: texts[0].text.length});
    }
"""
_PYTHON = """
import asyncio

async def main(input):
    seen = []
    for n in range(3):
        seen += await asyncio.gather(*[step("noop", {"n": n * input["n"]}) for _ in range(2)])
    told = await wait_signal("go")
    try:
        await step("hook", {"url": input["hook"] + "/gone", "body": {"n": input["n"]}}, {"retry": {"max_attempts": 1}})
        code = None
    except RuntimeError as error:
        code = error_of(error)["code"]
    return {"n": told["n"], "sum": sum([one["n"] for one in seen]), "failed": code is not None}
"""


class Program(Kind):
    """A program of two states: steps at once, a sleep, a call that is refused at first, and large values."""

    definition: ClassVar[dict[str, Any]] = {
        "name": "chaos-program",
        "script": _JAVASCRIPT.replace("RETRY", str(RETRY)),
    }

    def more(self, number: int) -> dict[str, Any]:
        return {"text": f"{number:06d}" * 2000}

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number, "sum": 6 * number, "status": 200, "length": 12_000}}]


class Replayed(Kind):
    """A program in Python that waits for someone, and catches what fails."""

    definition: ClassVar[dict[str, Any]] = {"name": "chaos-replayed", "script": _PYTHON, "language": "python"}

    async def drive(self, run: LiveRun) -> None:
        await run.pause(run.chance.uniform(0, 1))
        n = run.number
        await run.call(lambda client: client.run(run.run_id).signal("go", {"n": n}, idempotency_key=f"go-{run.run_id}"))

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number, "sum": 6 * number, "failed": True}}]


PROGRAMS = (Program(), Replayed())
